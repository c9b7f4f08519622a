// What a program in TypeScript may write, and what the compiler refuses. It runs as well.
import {
    Cause, Cidrs, Cipher, DecisionKind, DoorsError, EventKind, EvictFlag, Field, HostChange, IdleAnswer, Mark, Method,
    NEVER, Outcome, ReportFlag, Router, Source, State, Status, StepKind, Verdict, check, nameOf, version,
} from 'doors-caddy';
import type { Decision, Eviction, Handle, Host, KnownPod, Limits, Options, Place, Pod, Report, Step } from 'doors-caddy';

const secret = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
const json = JSON.stringify({ secret, upstreams: [{ cidr: '10.0.0.0/24', host: 'svc.example', port: 8080 }] });
const closed: Handle[] = [];

function tokens(): string {
    using cipher = new Cipher(secret);
    using cidrs = new Cidrs('10.0.0.0/8');
    using router = new Router(json);
    closed.push(cipher, cidrs, router);
    const address: string = cipher.decode(cipher.encode('10.0.0.7')).address;
    const index: number | null = cidrs.lookup(address);
    const decision: Decision = router.decide(`/~/${cipher.encode(address)}/s/1`, new Uint8Array());
    check(Field.SECRET, secret);
    // @ts-expect-error: an address is a string
    if (index === null) cidrs.lookup(10);
    // @ts-expect-error: there is no such kind
    if (decision.kind === 99) return '';
    return decision.kind === DecisionKind.POD ? String(decision.address) : nameOf('decision', decision.kind);
}

function rollout(): string[] {
    const limits: Limits = { maxPods: 10 };
    const options: Options = { pageWait: 0, goneRate: 5 };
    // @ts-expect-error: the member is called maxPods
    const misspelt: Limits = { max_pods: 10 };
    using state = new State(limits);
    using source = new Source(state, json, options);
    closed.push(state, source);
    const request = source.begin({ method: Method.GET, path: '/' }, 1, 1);
    const { lookups, next } = state.due(1, 1);
    const asked: bigint[] = lookups.map((lookup) => lookup.host);
    if (next === NEVER || asked[0] === undefined) return [];
    if (state.resolved(asked[0], ['10.0.0.7'], 1n, 1n).change !== HostChange.RESOLVED) return [];
    const step: Step = request.resume(2, 1);
    // @ts-expect-error: only a step to dial has a pod
    const without: Pod = step.pod;
    if (step.kind !== StepKind.DIAL) return [];
    const pod: Pod = step.pod;
    const report: Report = source.dialled(step.upstream, pod, Outcome.CONNECTED, 2, 1);
    const done: Step = request.answered(Mark.DRAINING, 2, 1);
    const places: Place[] = request.choices(2).places;
    request.ended(3);
    const known: KnownPod[] = state.pods();
    const host: Host = state.host(asked[0], 3);
    const eviction: Eviction = { address: pod.address, bits: 32, flags: EvictFlag.IDLE_FIRST };
    state.evict(eviction, 4);
    state.undo(eviction, 5);
    const kinds: EventKind[] = state.events().map((event) => event.kind);
    const flags: boolean = (report.flags & ReportFlag.WAKE) !== 0;
    const seen: unknown[] = [misspelt, without, done, places, host, flags, known[0]?.verdict === Verdict.NONE];
    if (seen.length !== 7 || state.known !== 1 || state.evictions().length !== 0) return [];
    if (state.idle(pod.address, 100, 0, 6).answer === IdleAnswer.YES || step.report.changed !== null) return [];
    return kinds.map((kind) => nameOf('event', kind));
}

function failure(): Status | null {
    try {
        using cipher = new Cipher('no key');
        return cipher.pointer === 0n ? Status.OK : null;
    } catch (error) {
        return error instanceof DoorsError ? error.status : null;
    }
}

function isClosed(handle: Handle): boolean {
    try {
        return handle.pointer === 0n;
    } catch (error) {
        return error instanceof DoorsError;
    }
}

const got = [tokens(), rollout().join(), failure(), closed.every(isClosed), nameOf('cause', Cause.NO_POD)];
console.log(JSON.stringify(got), version());
