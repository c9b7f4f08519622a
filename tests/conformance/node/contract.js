/** What the vectors do not reach: errors, layouts, and integers that do not fit. */
import koffi from 'koffi';
import * as doors from 'doors-caddy';
import { Cidrs, Cipher, Field, Router, Source, State, Status, check as validate, nameOf } from 'doors-caddy';
import { checkAbi, lib, prototypes, structs } from 'doors-caddy/native';
import { CONFIG, KEY, check, read, refused, using } from './support.js';

/** Errors that the vectors do not reach, each with its message. */
export function contract() {
    const [cipher, table, router] = [new Cipher(KEY), new Cidrs('10.0.0.0/8'), new Router(CONFIG)];
    const [c, t, r] = [cipher.pointer, table.pointer, router.pointer];
    const bytes = new Uint8Array(16);
    const [address, short] = [{ bytes, len: 4 }, { bytes, len: 3 }];
    const room = Buffer.alloc(60, '#');
    const [length, index] = [[99], [99]];
    const calls = [
        [Status.BUFFER, lib.doors_cipher_encode(c, address, room, 43, length)],
        [Status.ADDRESS, lib.doors_cipher_encode(c, short, room, 60, length)],
        [Status.ADDRESS, lib.doors_cidrs_lookup(t, short, index)],
        [Status.NULL_POINTER, lib.doors_cipher_encode(null, address, room, 60, length)],
        [Status.NULL_POINTER, lib.doors_cipher_encode(c, null, room, 60, length)],
        [Status.NULL_POINTER, lib.doors_cidrs_lookup(t, address, null)],
        [Status.NULL_POINTER, lib.doors_router_decide(r, null, 1, null, 0, {})],
        [Status.RANGE, lib.doors_check(99, Buffer.from('x'), 1, null)],
    ];
    calls.forEach(([status, got], i) => check(status === got, 'contract', i, got));
    check(room.equals(Buffer.alloc(60, '#')) && length[0] === 99 && index[0] === 99, 'outputs of failed calls');
    const failing = [
        [Status.NO_MATCH, () => router.upstream(1)],
        [Status.TOO_LARGE, () => new Router(Buffer.alloc(64 * 1024 * 1024 + 1, ' '))],
        [Status.CIDR, () => new Cidrs('')],
        [Status.SECRET, () => new Cipher('')],
        [Status.CONFIG, () => validate(Field.PORT, '70000')],
        [Status.RANGE, () => new State({ maxPods: 0 })],
        [Status.RANGE, () => using(new State(), (state) => state.idle('::', -1, 0, 0))],
    ];
    cipher.close();
    cipher.close();
    table.close();
    failing.push([Status.NULL_POINTER, () => cipher.encode('10.0.0.1')]);
    check(refused(() => cipher.encode('10.0.0.1')).message === 'this Cipher is closed', 'message after close');
    const owned = using(new State(), (state) => using(new Source(state, CONFIG), (source) => source.router()));
    check(refused(() => owned.decide('/')).message === 'this Source is closed', 'the router of a closed source');
    // Misspelt options, and addresses that are none.
    for (const call of [
        () => new State({ max_pods: 1 }), () => new State({ reserved: [1, 0, 0] }), () => doors.packed('10.0.0'),
        () => doors.packed('fe80::1%eth0'),
    ]) {
        let problem;
        try {
            call();
        } catch (error) {
            problem = error;
        }
        check(problem instanceof TypeError, 'TypeError', String(call), String(problem));
    }
    for (const [status, call] of failing) {
        const error = refused(call);
        check(error.status === status && error.message, status, error.message);
    }
    router.close();
    let problem = '';
    try {
        checkAbi(doors.ABI + 1);
    } catch (error) {
        problem = error.message;
    }
    check(problem.includes('interface 2'), 'another interface', problem);
    for (const kind of ['cipher', 'cidrs', 'router', 'state', 'source']) lib[`doors_${kind}_free`](null);
    return calls.length;
}

/** What this binding declares is what the library was built with. */
export function layouts() {
    const abi = read('rust/capi/abi.json');
    check(abi.abi === doors.ABI, 'ABI');
    const groups = read('tests/conformance/groups.json');
    let grouped = 0;
    for (const [name, value] of Object.entries(abi.constants)) {
        const number = { UINT32_MAX: 0xffffffff, INT64_MAX: 2n ** 63n - 1n }[value] ?? Number(value);
        const [, group, member] = /^DOORS_([A-Z]+)_(\w+)$/.exec(name) ?? [];
        const found = doors[groups[group]]?.[member];
        grouped += Number(found !== undefined);
        check((found ?? doors[name.replace('DOORS_', '')]) === number, name);
    }
    const members = Object.values(groups).flatMap((name) => Object.keys(doors[name] ?? {}));
    check(grouped === members.length, 'members of groups', grouped, members.length);
    const functions = (list) => Object.keys(list).sort().join(' ');
    check(functions(abi.functions) === functions(prototypes), 'functions');
    check(functions(abi.structs) === functions(structs), 'structs');
    for (const [name, layout] of Object.entries(abi.structs)) {
        check(koffi.sizeof(structs[name]) === layout.size, name);
        for (const member of layout.members) {
            check(koffi.offsetof(structs[name], member.name) === member.offset, name, member.name);
        }
    }
    return Object.keys(abi.functions).length;
}

/** An integer that does not fit is refused and not cut off. */
export function integers() {
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
            () => new State({ maxPods: 2 ** 32 }),
            () => new State({ maxWaiting: -1 }),
            () => new Source(state, CONFIG, { pageWait: odd }),
            () => new Source(state, CONFIG, { goneRate: -1 }),
            () => new Source(state, CONFIG, { resolver: 1n << 64n }),
            () => source.begin({ method: 2 ** 32 + 1, path: '/' }, 0, 1),
            () => source.dialled(2 ** 32, pod, 1, 0, 1),
            () => source.dialled(0, pod, 2 ** 32 + 1, 0, 1),
            () => source.use(-1, 0),
            () => validate(2 ** 32 + Field.PORT, '80'),
            () => nameOf('status', 2 ** 32),
            () => lib.doors_check(Field.PORT, Buffer.from('80'), -1, {}),
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
}
