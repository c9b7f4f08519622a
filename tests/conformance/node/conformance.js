/**
 * Runs the Node binding over the shared vectors:  node conformance.js REPOSITORY
 *
 * In:  tests/vectors, tests/conformance/names.json and flow.json, rust/capi/abi.json; the library of DOORS_CADDY_LIBRARY.
 * Out: how many vectors of each file were checked; exit status 0 only if all hold.
 */
import { readFileSync } from 'node:fs';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import koffi from 'koffi';
import * as doors from './doors_caddy.js';
import { Cidrs, Cipher, DoorsError, Router, Source, State, lib } from './doors_caddy.js';

const root = process.argv[2];
const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
const CONFIG = `{"secret": "${KEY}", "upstreams": [{"cidr": "10.0.0.0/24", "host": "svc.example", "port": 8080}]}`;

const SECOND = 1_000_000_000n;
const seconds = (time) => Number(BigInt(time) / SECOND);

const failures = [];
let checks = 0;

function check(holds, ...about) {
    checks += 1;
    if (!holds) failures.push(about.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join(': '));
}

const read = (path) => JSON.parse(readFileSync(`${root}/${path}`, 'utf8'));
const total = (vectors) => Object.values(vectors).reduce((sum, list) => sum + Object.keys(list).length, 0);

/** The bytes of a member, or of its _base64 form. */
const text = (vector, member) => {
    const encoded = vector[`${member}_base64`];
    return encoded === undefined ? Buffer.from(vector[member]) : Buffer.from(encoded, 'base64');
};

/** The error that a call throws. */
function refused(call) {
    try {
        call();
    } catch (error) {
        if (error instanceof DoorsError) return error;
        throw error;
    }
    failures.push('a call that must fail succeeded');
    return new DoorsError(doors.STATUS_OK);
}

/** An error is the one that a vector wants. */
function expect(error, status, vector) {
    const { message } = error;
    check(error.status === status && error.index === vector.index && message, vector.name, message, error.index);
    check((vector.contains ?? []).every((part) => message.includes(part)), vector.name, message);
    check(!(vector.never ?? []).some((part) => message.includes(part)), vector.name, message);
}

function using(handle, work) {
    try {
        return work(handle);
    } finally {
        handle.close();
    }
}

const parts = {
    tokens() {
        const vectors = read('tests/vectors/tokens.json');
        for (const v of vectors.accepted) {
            using(new Cipher(v.secret), (cipher) => check(JSON.stringify(cipher.decode(v.token)) === JSON.stringify({ address: v.address, key: v.key }), v.name));
        }
        for (const v of vectors.encoded) {
            using(new Cipher(v.secret), (cipher) => {
                const token = cipher.encode(v.address);
                check(token.length === v.length, v.name, token);
                check(cipher.decode(token).address === v.decodes_to, v.name, cipher.decode(token));
            });
        }
        const statuses = { base64: doors.STATUS_TOKEN_FORMAT, cipher: doors.STATUS_TOKEN_REFUSED };
        for (const v of vectors.refused) {
            using(new Cipher(v.secret), (cipher) => {
                const error = refused(() => cipher.decode(text(v, 'token')));
                check(error.status === statuses[v.error], v.name, error.message);
                check(error.message === doors.nameOf('status', error.status), v.name, error.message);
            });
        }
        return total(vectors);
    },

    secrets() {
        const vectors = read('tests/vectors/secrets.json');
        for (const v of vectors.accepted) {
            const upstreams = [{ cidr: '10.0.0.0/24', host: 'a', port: 1 }];
            for (const made of [new Cipher(v.secret), new Router(JSON.stringify({ secret: v.secret, upstreams }))]) {
                using(made, () => check(made.keyIds().join() === v.key_ids.join(), v.name, made.keyIds()));
            }
            doors.check(doors.FIELD_SECRET, v.secret);
        }
        for (const v of vectors.refused) {
            for (const call of [() => new Cipher(v.secret), () => doors.check(doors.FIELD_SECRET, v.secret)]) {
                const error = refused(call);
                expect(error, doors.STATUS_SECRET, v);
                const keys = v.secret.split(/\s+/).filter((key) => key.length > 8);
                check(!keys.some((key) => error.message.includes(key.slice(0, 8))), v.name, error.message);
            }
        }
        return total(vectors);
    },

    cidrs() {
        const vectors = read('tests/vectors/cidrs.json');
        let count = vectors.refused.length;
        for (const v of vectors.tables) {
            using(new Cidrs(v.cidrs.join(' ')), (table) => {
                for (const { address, index } of v.lookups) check(table.lookup(address) === index, v.name, address);
            });
            count += v.lookups.length;
        }
        for (const v of vectors.refused) expect(refused(() => new Cidrs(v.cidrs.join(' '))), doors.STATUS_CIDR, v);
        return count;
    },

    decisions() {
        let count = 0;
        for (const v of read('tests/vectors/decisions.json').routers) {
            using(new Router(JSON.stringify(v.config)), (router) => {
                for (const request of v.requests) {
                    count += 1;
                    const got = router.decide(text(request, 'path'), text(request, 'cookies'));
                    const about = [v.name, request.name, got];
                    check(got.kind === request.kind && got.reason === request.reason, ...about);
                    check(got.upstream === request.upstream && got.key === request.key, ...about);
                    check(got.port === request.port && got.path === request.path_kind, ...about);
                    check(got.address === request.address, ...about);
                    if (got.upstream !== null) {
                        const { host, port } = router.upstream(got.upstream);
                        check(host === v.config.upstreams[got.upstream].host && port === got.port, ...about, host);
                    }
                    if (got.kind === doors.DECISION_POD) check(router.lookup(got.address) === got.upstream, ...about);
                }
            });
        }
        return count;
    },

    config() {
        const vectors = read('tests/vectors/config.json');
        for (const v of vectors.accepted) {
            using(new Router(text(v, 'json')), (router) => {
                check(router.length === v.upstreams, v.name, router.length);
                for (let i = 0; i < router.length; i += 1) doors.check(doors.FIELD_HOST, router.upstream(i).host);
                const warnings = router.warnings();
                check(warnings.length === v.warnings.length, v.name, warnings);
                v.warnings.forEach((wanted, i) => {
                    check(wanted.every((part) => warnings[i]?.includes(part)), v.name, warnings);
                });
            });
        }
        for (const v of vectors.refused) expect(refused(() => new Router(text(v, 'json'))), v.status, v);
        return total(vectors);
    },

    /** The words of every number, and "unknown" for all others. */
    numbers() {
        const vectors = read('tests/conformance/names.json');
        for (const [what, words] of Object.entries(vectors)) {
            for (let n = 0; n < 256; n += 1) check(doors.nameOf(what, n) === (words[n] ?? 'unknown'), what, n);
        }
        return total(vectors);
    },

    /** Errors that the vectors do not reach, each with its message. */
    contract() {
        const [cipher, table, router] = [new Cipher(KEY), new Cidrs('10.0.0.0/8'), new Router(CONFIG)];
        const [c, t, r] = [cipher.pointer, table.pointer, router.pointer];
        const bytes = new Uint8Array(16);
        const [address, short] = [{ bytes, len: 4 }, { bytes, len: 3 }];
        const room = Buffer.alloc(60, '#');
        const [length, index] = [[99], [99]];
        const calls = [
            [doors.STATUS_BUFFER, lib.doors_cipher_encode(c, address, room, 43, length)],
            [doors.STATUS_ADDRESS, lib.doors_cipher_encode(c, short, room, 60, length)],
            [doors.STATUS_ADDRESS, lib.doors_cidrs_lookup(t, short, index)],
            [doors.STATUS_NULL_POINTER, lib.doors_cipher_encode(null, address, room, 60, length)],
            [doors.STATUS_NULL_POINTER, lib.doors_cipher_encode(c, null, room, 60, length)],
            [doors.STATUS_NULL_POINTER, lib.doors_cidrs_lookup(t, address, null)],
            [doors.STATUS_NULL_POINTER, lib.doors_router_decide(r, null, 1, null, 0, {})],
            [doors.STATUS_RANGE, lib.doors_check(99, Buffer.from('x'), 1, null)],
        ];
        calls.forEach(([status, got], i) => check(status === got, 'contract', i, got));
        check(room.equals(Buffer.alloc(60, '#')) && length[0] === 99 && index[0] === 99, 'outputs of failed calls');
        const failing = [
            [doors.STATUS_NO_MATCH, () => router.upstream(1)],
            [doors.STATUS_TOO_LARGE, () => new Router(Buffer.alloc(64 * 1024 * 1024 + 1, ' '))],
            [doors.STATUS_CIDR, () => new Cidrs('')],
            [doors.STATUS_SECRET, () => new Cipher('')],
            [doors.STATUS_CONFIG, () => doors.check(doors.FIELD_PORT, '70000')],
            [doors.STATUS_RANGE, () => new State({ max_pods: 0 })],
            [doors.STATUS_RANGE, () => using(new State(), (state) => state.idle('::', -1, 0, 0))],
        ];
        cipher.close();
        cipher.close();
        table.close();
        failing.push([doors.STATUS_NULL_POINTER, () => cipher.encode('10.0.0.1')]);
        for (const [status, call] of failing) {
            const error = refused(call);
            check(error.status === status && error.message, status, error.message);
        }
        router.close();
        let problem = '';
        try {
            doors.checkAbi(doors.ABI + 1);
        } catch (error) {
            problem = error.message;
        }
        check(problem.includes('interface 2'), 'another interface', problem);
        for (const kind of ['cipher', 'cidrs', 'router', 'state', 'source']) lib[`doors_${kind}_free`](null);
        return calls.length;
    },

    /** What this binding declares is what the library was built with. */
    interface() {
        const abi = read('rust/capi/abi.json');
        check(abi.abi === doors.ABI, 'ABI');
        for (const [name, value] of Object.entries(abi.constants)) {
            const number = { UINT32_MAX: 0xffffffff, INT64_MAX: 2n ** 63n - 1n }[value] ?? Number(value);
            check(doors[name.replace('DOORS_', '')] === number, name);
        }
        const functions = (list) => Object.keys(list).sort().join(' ');
        check(functions(abi.functions) === functions(doors.prototypes), 'functions');
        check(functions(abi.structs) === functions(doors.structs), 'structs');
        for (const [name, layout] of Object.entries(abi.structs)) {
            check(koffi.sizeof(doors.structs[name]) === layout.size, name);
            for (const member of layout.members) {
                check(koffi.offsetof(doors.structs[name], member.name) === member.offset, name, member.name);
            }
        }
        return Object.keys(abi.functions).length;
    },

    /** A small rollout: each call, and what it says. */
    flow() {
        const { config, start, steps } = read('tests/conformance/flow.json');
        const { port } = config.upstreams[0];
        const since = (time, unit) => (BigInt(time) ? Number(BigInt.asIntN(64, BigInt(time) - BigInt(start) * SECOND) / unit) : 0);
        const whole = (time) => (BigInt(time) ? Math.floor(Number(BigInt(time)) / 1e9) - start : 0);
        const numbers = ({ flags, changed, background }) =>
            [flags, changed && [changed.pod.address, changed.verdict], background && background.pod.address];
        const stepOf = ({ kind, pod, probe, last_choice, status, retry_after, cause, page, until, report }) =>
            [kind, pod && pod.address, probe, last_choice, status, retry_after, cause, page, since(until, 1_000_000n),
                ...numbers(report)];
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
                        const request = source.begin(s.method, s.body ?? false, path, '', now, 1);
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
                        const { refused, in_flight, streams, verdict, fresh } = known;
                        const times = [whole(known.first_seen), whole(known.last_seen)];
                        return [known.pod.address, ...times, Number(refused), in_flight, streams, verdict, fresh];
                    }),
                    host(s, now) {
                        const { name, addresses, generation, failure, failing_for, users } = state.host(host, now);
                        return [name, addresses, Number(generation), failure, seconds(failing_for), users];
                    },
                    fresh: () => Object.values(source.fresh(0)).map((pods) => pods.map((pod) => pod.address)),
                    idle(s, now) {
                        const [idle, started] = [s.idle, s.started].map((time) => BigInt(time) * SECOND);
                        const got = state.idle(s.pod, idle, started, now);
                        return [got.answer, got.in_flight, got.streams, got.used, whole(got.last_seen), Number(got.wait)];
                    },
                    limit: (s) => state.limit(s.max_pods),
                    evict: ({ pod: address, bits, rate, flags }, now) => state.evict({ address, bits, rate, flags }, now),
                    undo: ({ pod: address, bits }, now) => state.undo({ address, bits }, now),
                    evictions: () => state.evictions().map(({ address, bits, upstream: of, rate, flags, since: at, told: count }) =>
                        [address, bits, Number(of), rate, flags, whole(at), Number(count)]),
                    events: (s) => state.events(s.after).map(({ number, kind, pod, bits, pages, at }) =>
                        [Number(number), kind, pod.address, bits, pages, whole(at)]),
                };
                for (const step of steps) {
                    const got = calls[step.call](step, BigInt(start + step.seconds) * SECOND) ?? null;
                    check(JSON.stringify(got) === JSON.stringify(step.want), step.name, got);
                }
            })));
        return steps.length;
    },

    /** An integer that does not fit is refused and not cut off. */
    integers() {
        const [pod, odd] = [{ address: '10.0.0.7', port: 80 }, 2n ** 63n];
        return using(new State(), (state) => using(new Source(state, CONFIG), (source) => {
            const calls = [
                () => state.verdict({ ...pod, port: 65536 }),
                () => state.verdict({ ...pod, port: -1 }),
                () => state.verdict({ ...pod, port: 80.5 }),
                () => state.limit(-1),
                () => state.limit(2 ** 32),
                () => state.due(odd, 1),
                () => state.due(-odd - 1n, 1),
                () => state.due(2 ** 60, 1),
                () => state.due(0, 1n << 64n),
                () => state.due(0, -1),
                () => state.idle('10.0.0.7', odd, 0, 0),
                () => state.resolved(-1, [], 0, 1),
                () => state.resolved(1, [], 0, 1, 2 ** 32 + 1),
                () => state.lookupFailed(1, 2 ** 32 + 1, 0, 1),
                () => new State({ max_pods: 2 ** 32 }),
                () => new State({ max_waiting: -1 }),
                () => new Source(state, CONFIG, { page_wait: odd }),
                () => new Source(state, CONFIG, { gone_rate: -1 }),
                () => new Source(state, CONFIG, { resolver: 1n << 64n }),
                () => source.begin(2 ** 32 + 1, false, '/', '', 0, 1),
                () => source.dialled(2 ** 32, pod, 1, 0, 1),
                () => source.dialled(0, pod, 2 ** 32 + 1, 0, 1),
                () => source.use(-1, 0),
                () => doors.check(2 ** 32 + doors.FIELD_PORT, '80'),
                () => doors.nameOf('status', 2 ** 32),
                () => lib.doors_check(doors.FIELD_PORT, Buffer.from('80'), -1, {}),
            ];
            calls.forEach((call, number) => {
                let got = 'is taken';
                try {
                    call();
                } catch (error) {
                    got = error;
                }
                check(got instanceof RangeError && got.message.includes('must be'), 'integers', number, got);
            });
            check(state.pods().length === 0, 'integers', state.pods());
            return calls.length;
        }));
    },

    /** One cipher and one router, used by 8 workers at once. */
    async threads() {
        const [cipher, router] = [new Cipher(KEY), new Router(CONFIG)];
        const handles = { cipher: cipher.pointer, router: router.pointer };
        const workers = Array.from({ length: 8 }, (_, n) => {
            const worker = new Worker(new URL(import.meta.url), { argv: [root], workerData: { ...handles, last: n + 1 } });
            return new Promise((resolve, reject) => {
                worker.once('message', resolve);
                worker.once('error', reject);
            });
        });
        for (const wrong of await Promise.all(workers)) check(wrong === 0, 'threads', wrong);
        cipher.close();
        router.close();
        return workers.length;
    },

    /** No handle is left open, and handles that are made and freed do not add up. */
    leaks() {
        const eight = Array.from({ length: 8 }, (_, n) => Buffer.alloc(32, n).toString('base64')).join(' ');
        const rounds = (count) => {
            for (let i = 0; i < count; i += 1) {
                const state = new State({ max_pods: 100 });
                for (const handle of [new Cipher(eight), new Router(CONFIG), new Source(state, CONFIG), state]) handle.close();
            }
            globalThis.gc();
        };
        rounds(2000);
        const before = process.memoryUsage().rss;
        rounds(10000);
        const grown = process.memoryUsage().rss - before;
        check(grown < 24 << 20, 'memory has grown by', grown);
        check(doors.liveHandles() === 0, 'handles left open', doors.liveHandles());
        return 10000;
    },
};

if (isMainThread) {
    for (const [name, part] of Object.entries(parts)) console.log(name, await part());
    for (const failure of failures.slice(0, 20)) console.error(failure);
    console.log(`${checks} checks, ${failures.length} failed`);
    process.exitCode = failures.length ? 1 : 0;
} else {
    const [cipher, router] = [Cipher.shared(workerData.cipher), Router.shared(workerData.router)];
    const address = `10.0.0.${workerData.last}`;
    let wrong = 0;
    for (let i = 0; i < 500; i += 1) {
        if (router.decide(`/~/${cipher.encode(address)}/s/1`).address !== address) wrong += 1;
    }
    parentPort.postMessage(wrong);
}
