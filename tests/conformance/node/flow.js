/** A small rollout: each call, and what it says. */
import { Cipher, Source, State } from 'doors-caddy';
import { SECOND, check, read, using } from './support.js';

export function flow() {
    const { config, start, steps } = read('tests/conformance/flow.json');
    const { port } = config.upstreams[0];
    const since = (time, unit) => (time ? Number((time - BigInt(start) * SECOND) / unit) : 0);
    const whole = (time) => (time ? Math.floor(Number(time) / 1e9) - start : 0);
    const numbers = ({ flags, changed, background }) =>
        [flags, changed && [changed.pod.address, changed.verdict], background && background.pod.address];
    const stepOf = ({
        kind, pod, probe = false, lastChoice = false, status = 0, retryAfter = 0, cause = 0, page = false, until = 0n, report,
    }) => [kind, pod ? pod.address : null, Number(probe), Number(lastChoice), status, retryAfter, cause, Number(page),
        since(until, 1_000_000n), ...numbers(report)];
    const told = ({ change, flags }) => [change, flags];
    const requests = {};
    using(new Cipher(config.secret), (cipher) => using(new State(), (state) =>
        using(new Source(state, JSON.stringify(config)), (source) => {
            check(source.router().keyIds().join() === cipher.keyIds().join(), 'router', source.router().keyIds());
            const { host, upstream } = source.upstream(0);
            const calls = {
                due: (s, now) => state.due(now, 1).lookups.map((lookup) => lookup.name),
                resolved: (s, now) => told(state.resolved(host, s.addresses, now, 1)),
                resolved_late: (s, now) => told(state.resolvedLate(host, s.addresses, now)),
                lookup_failed: (s, now) => told(state.lookupFailed(host, s.failure, now, 1)),
                begin(s, now) {
                    const path = s.path.replace('{10.0.0.1}', cipher.encode('10.0.0.1'));
                    const request = source.begin({ method: s.method, path, hasBody: s.body ?? false }, now, 1);
                    requests[s.request] = request;
                    return [request.decision.kind, ...stepOf(request.step)];
                },
                dialled: (s, now) => numbers(source.dialled(0, { address: s.pod, port }, s.outcome, now, 1)),
                next: (s, now) => stepOf(requests[s.request].next(s.outcome, now, 1)),
                failed: (s, now) => stepOf(requests[s.request].failed(s.outcome, now, 1)),
                resume: (s, now) => stepOf(requests[s.request].resume(now, 1)),
                answered: (s, now) => stepOf(requests[s.request].answered(s.marks ?? 0, now, 1)),
                ended: (s, now) => requests[s.request].ended(now),
                verdict: (s) => state.verdict({ address: s.pod, port }),
                pods: () => state.pods().map((known) => {
                    check(known.upstream === upstream && known.pod.port === port, known);
                    check(typeof known.fresh === 'boolean' && typeof known.lastSeen === 'bigint', known);
                    const { refused, inFlight, streams, verdict, fresh } = known;
                    const times = [whole(known.firstSeen), whole(known.lastSeen)];
                    return [known.pod.address, ...times, Number(refused), inFlight, streams, verdict, Number(fresh)];
                }),
                host(s, now) {
                    const { name, addresses, generation, failure, failingFor, users } = state.host(host, now);
                    return [name, addresses, Number(generation), failure, Number(failingFor / SECOND), users];
                },
                fresh: () => Object.values(source.fresh(0)).map((pods) => pods.map((pod) => pod.address)),
                idle(s, now) {
                    const [idle, started] = [s.idle, s.started].map((time) => BigInt(time) * SECOND);
                    const got = state.idle(s.pod, idle, started, now);
                    return [got.answer, got.inFlight, got.streams, Number(got.used), whole(got.lastSeen), Number(got.wait)];
                },
                limit: (s) => state.limit(s.max_pods),
                evict: ({ pod: address, bits, rate, flags }, now) => state.evict({ address, bits, rate, flags }, now),
                undo: ({ pod: address, bits }, now) => state.undo({ address, bits }, now),
                evictions: () => state.evictions().map(({ address, bits, upstream: of, rate, flags, since: at, told: count }) =>
                    [address, bits, Number(of), rate, flags, whole(at), Number(count)]),
                events: (s) => state.events(s.after).map(({ number, kind, address, bits, pages, at }) =>
                    [Number(number), kind, address, bits, pages, whole(at)]),
            };
            for (const step of steps) {
                const got = calls[step.call](step, BigInt(start + step.seconds) * SECOND) ?? null;
                check(JSON.stringify(got) === JSON.stringify(step.want), step.name, got);
            }
        })));
    return steps.length;
}
