/**
 * libdoors_caddy for Node 20 and newer, by koffi: tokens, CIDR lookup, routing decisions and the state of pods.
 *
 * The shared library is found as `libdoors_caddy.so.0.2`, or where the environment variable DOORS_CADDY_LIBRARY says. The
 * numbers are those of the header without DOORS_. The rules of docs/c-api.md hold: a
 * handle may be used by any number of workers at once (pass `pointer` to a worker, and `shared` there), and is closed by its owner after the last call on it has returned. Everything that fails throws a
 * DoorsError, and an integer that does not fit a RangeError. Texts are strings or Buffers, addresses strings. What the
 * header says about fork is of no concern here: Node starts its child processes anew.
 */
import { isIP } from 'node:net';
import koffi from 'koffi';
import {
    ABI, HOST_SIZE, KEY_ID_SIZE, NONE, REPORT_BACKGROUND, REPORT_CHANGED, REPORT_DRAINING, REPORT_DROPPED, REPORT_OUTSIDE,
    STATUS_NO_MATCH, STATUS_OK, TOKEN_SIZE,
} from './doors_numbers.js';

export * from './doors_numbers.js';

/** The structs of the header, by their names in it. */
export const structs = {};
structs.doors_error = koffi.struct('doors_error', {
    status: 'int32_t', index: 'uint32_t', message: koffi.array('char', 512),
});
structs.doors_addr = koffi.struct('doors_addr', { bytes: koffi.array('uint8_t', 16, 'Typed'), len: 'uint32_t' });
structs.doors_decision = koffi.struct('doors_decision', {
    kind: 'uint32_t', reason: 'uint32_t', upstream: 'uint32_t', key: 'uint32_t', port: 'uint16_t', path: 'uint16_t',
    addr: 'doors_addr', reserved: koffi.array('uint32_t', 4),
});
structs.doors_pod = koffi.struct('doors_pod', { addr: 'doors_addr', port: 'uint16_t', reserved: 'uint16_t' });
structs.doors_idle = koffi.struct('doors_idle', {
    answer: 'uint32_t', in_flight: 'uint32_t', streams: 'uint32_t', used: 'uint32_t', last_seen: 'int64_t',
    wait: 'int64_t',
});
structs.doors_limits = koffi.struct('doors_limits', {
    max_pods: 'uint32_t', max_waiting: 'uint32_t', max_lookups: 'uint32_t', max_slow_lookups: 'uint32_t',
    refreshes_per_second: 'uint32_t', reserved: koffi.array('uint32_t', 3),
});
structs.doors_options = koffi.struct('doors_options', {
    gone_after: 'int64_t', drain_max: 'int64_t', roll_time: 'int64_t', page_wait: 'int64_t', refresh: 'int64_t',
    stale_max: 'int64_t',
    first_lookup: 'int64_t', resolver: 'uint64_t', gone_rate: 'uint32_t', flags: 'uint32_t',
    reserved: koffi.array('uint64_t', 2),
});
structs.doors_known_pod = koffi.struct('doors_known_pod', {
    pod: 'doors_pod', upstream: 'uint64_t', first_seen: 'int64_t', last_seen: 'int64_t',
    unreachable_since: 'int64_t', marked_since: 'int64_t', draining_since: 'int64_t', drained_since: 'int64_t',
    evicted_since: 'int64_t', refused: 'uint64_t', in_flight: 'uint32_t', streams: 'uint32_t',
    verdict: 'uint32_t', fresh: 'uint32_t', marked: 'uint32_t', reserved: koffi.array('uint32_t', 3),
});
structs.doors_eviction = koffi.struct('doors_eviction', {
    addr: 'doors_addr', bits: 'uint32_t', upstream: 'uint64_t', rate: 'uint32_t', flags: 'uint32_t',
    since: 'int64_t', told: 'uint64_t', reserved: koffi.array('uint64_t', 2),
});
structs.doors_event = koffi.struct('doors_event', {
    number: 'uint64_t', at: 'int64_t', upstream: 'uint64_t', pod: 'doors_pod', bits: 'uint32_t', kind: 'uint32_t',
    pages: 'uint32_t', reserved: 'uint32_t',
});
structs.doors_lookup = koffi.struct('doors_lookup', {
    host: 'uint64_t', resolver: 'uint64_t', name_len: 'uint32_t', name: koffi.array('char', 256), reserved: 'uint32_t',
});
structs.doors_host_report = koffi.struct('doors_host_report', { change: 'uint32_t', flags: 'uint32_t' });
structs.doors_host_state = koffi.struct('doors_host_state', {
    resolver: 'uint64_t', generation: 'uint64_t', age: 'int64_t', failing_for: 'int64_t', refresh: 'int64_t',
    failure: 'uint32_t', users: 'uint32_t', active: 'uint32_t', partial: 'uint32_t', reserved: 'uint32_t',
    name_len: 'uint32_t', name: koffi.array('char', 256),
});
structs.doors_request = koffi.struct('doors_request', { opaque: koffi.array('uint64_t', 40) });
structs.doors_report = koffi.struct('doors_report', {
    flags: 'uint32_t', suppressed: 'uint32_t', dropped_host: 'uint64_t', dropped_addr: 'doors_addr',
    changed_upstream: 'uint32_t', changed_pod: 'doors_pod', changed_verdict: 'uint32_t',
    draining_upstream: 'uint32_t', draining_pod: 'doors_pod', draining: 'uint32_t',
    background_upstream: 'uint32_t', background_pod: 'doors_pod', outside_upstream: 'uint32_t',
    outside_addr: 'doors_addr', reserved: koffi.array('uint32_t', 2),
});
structs.doors_step = koffi.struct('doors_step', {
    kind: 'uint32_t', upstream: 'uint32_t', pod: 'doors_pod', probe: 'uint32_t', status: 'uint32_t',
    retry_after: 'uint32_t', cause: 'uint32_t', page: 'uint32_t', last_choice: 'uint32_t', until: 'int64_t',
    report: 'doors_report',
});
structs.doors_place = koffi.struct('doors_place', { upstream: 'uint32_t', tier: 'uint32_t', pod: 'doors_pod' });

/** Every function: its result and its parameters. Bytes are `uint8_t *`, which takes Buffers; handles are `void *`. */
export const prototypes = {
    doors_abi: 'uint32_t ()',
    doors_version: 'str ()',
    doors_status_str: 'str (int32_t)',
    doors_decision_str: 'str (uint32_t)',
    doors_reason_str: 'str (uint32_t)',
    doors_path_str: 'str (uint32_t)',
    doors_outcome_str: 'str (uint32_t)',
    doors_verdict_str: 'str (uint32_t)',
    doors_idle_str: 'str (uint32_t)',
    doors_check: 'int32_t (uint32_t field, uint8_t *value, size_t len, _Out_ doors_error *err)',
    doors_cipher_new: 'int32_t (uint8_t *secrets, size_t len, _Out_ void **out, _Out_ doors_error *err)',
    doors_cipher_encode:
        'int32_t (void *cipher, doors_addr *addr, uint8_t *token, size_t cap, _Inout_ size_t *token_len)',
    doors_cipher_decode:
        'int32_t (void *cipher, uint8_t *token, size_t len, _Out_ doors_addr *addr, _Out_ uint32_t *key)',
    doors_cipher_keys: 'int32_t (void *cipher, _Out_ uint32_t *count)',
    doors_cipher_key_id: 'int32_t (void *cipher, uint32_t index, uint8_t *id)',
    doors_cipher_free: 'void (void *cipher)',
    doors_cidrs_new: 'int32_t (uint8_t *cidrs, size_t len, _Out_ void **out, _Out_ doors_error *err)',
    doors_cidrs_lookup: 'int32_t (void *cidrs, doors_addr *addr, _Inout_ uint32_t *index)',
    doors_cidrs_free: 'void (void *cidrs)',
    doors_router_new: 'int32_t (uint8_t *json, size_t len, _Out_ void **out, _Out_ doors_error *err)',
    doors_router_decide:
        'int32_t (void *router, uint8_t *path, size_t path_len, uint8_t *cookies, size_t cookies_len, _Out_ doors_decision *out)',
    doors_router_lookup: 'int32_t (void *router, doors_addr *addr, _Inout_ uint32_t *upstream)',
    doors_router_upstreams: 'int32_t (void *router, _Out_ uint32_t *count)',
    doors_router_upstream: 'int32_t (void *router, uint32_t index, uint8_t *host, _Out_ uint16_t *port)',
    doors_router_keys: 'int32_t (void *router, _Out_ uint32_t *count)',
    doors_router_key_id: 'int32_t (void *router, uint32_t index, uint8_t *id)',
    doors_router_warning: 'int32_t (void *router, uint32_t n, _Out_ doors_error *out)',
    doors_router_free: 'void (void *router)',
    doors_step_str: 'str (uint32_t)',
    doors_cause_str: 'str (uint32_t)',
    doors_lookup_str: 'str (uint32_t)',
    doors_host_str: 'str (uint32_t)',
    doors_event_str: 'str (uint32_t)',
    doors_limits_init: 'int32_t (_Out_ doors_limits *out)',
    doors_options_init: 'int32_t (_Out_ doors_options *out)',
    doors_state_new: 'int32_t (doors_limits *limits, _Out_ void **out)',
    doors_state_limit: 'int32_t (void *state, uint32_t max_pods)',
    doors_state_pods:
        'int32_t (void *state, doors_pod *after, uint8_t *list, size_t cap, _Out_ size_t *count, _Out_ size_t *known)',
    doors_state_verdict: 'int32_t (void *state, doors_pod *pod, _Out_ uint32_t *verdict)',
    doors_state_idle:
        'int32_t (void *state, doors_addr *addr, int64_t idle, int64_t started, int64_t now, _Out_ doors_idle *out)',
    doors_state_evict: 'int32_t (void *state, doors_eviction *eviction, int64_t now)',
    doors_state_undo: 'int32_t (void *state, doors_eviction *eviction, int64_t now)',
    doors_state_evictions: 'int32_t (void *state, uint8_t *list, size_t cap, _Out_ size_t *count)',
    doors_state_events: 'int32_t (void *state, uint64_t after, uint8_t *list, size_t cap, _Out_ size_t *count)',
    doors_state_free: 'void (void *state)',
    doors_state_due:
        'int32_t (void *state, int64_t now, uint64_t random, uint8_t *list, size_t cap, _Out_ size_t *count, _Out_ int64_t *next)',
    doors_state_resolved:
        'int32_t (void *state, uint64_t host, doors_addr *list, size_t count, uint32_t missing, uint32_t failure, int64_t now, uint64_t random, _Out_ doors_host_report *out)',
    doors_state_resolved_late:
        'int32_t (void *state, uint64_t host, doors_addr *list, size_t count, int64_t now, _Out_ doors_host_report *out)',
    doors_state_lookup_failed:
        'int32_t (void *state, uint64_t host, uint32_t failure, int64_t now, uint64_t random, _Out_ doors_host_report *out)',
    doors_state_host:
        'int32_t (void *state, uint64_t host, int64_t now, _Out_ doors_host_state *out, uint8_t *list, size_t cap, _Out_ size_t *count)',
    doors_source_new:
        'int32_t (void *state, uint8_t *json, size_t len, doors_options *options, _Out_ void **out, _Out_ doors_error *err)',
    doors_source_router: 'void * (void *source)',
    doors_source_dialled:
        'int32_t (void *source, uint32_t upstream, doors_pod *pod, uint32_t outcome, int64_t now, uint64_t random, _Out_ doors_report *out)',
    doors_source_use: 'int32_t (void *source, uint32_t upstream, int64_t now, _Out_ doors_report *out)',
    doors_source_upstream: 'int32_t (void *source, uint32_t upstream, _Out_ uint64_t *host, _Out_ uint64_t *number)',
    doors_source_fresh:
        'int32_t (void *source, uint32_t upstream, uint8_t *list, size_t cap, _Out_ size_t *inside, _Out_ size_t *count)',
    doors_source_free: 'void (void *source)',
    doors_request_begin:
        'int32_t (void *source, uint32_t method, uint32_t has_body, uint8_t *path, size_t path_len, uint8_t *cookies, size_t cookies_len, int64_t now, uint64_t random, uint8_t *request, _Out_ doors_step *step)',
    doors_request_next:
        'int32_t (void *source, uint8_t *request, uint32_t outcome, int64_t now, uint64_t random, _Out_ doors_step *step)',
    doors_request_failed:
        'int32_t (void *source, uint8_t *request, uint32_t outcome, int64_t now, uint64_t random, _Out_ doors_step *step)',
    doors_request_resume:
        'int32_t (void *source, uint8_t *request, int64_t now, uint64_t random, _Out_ doors_step *step)',
    doors_request_choices:
        'int32_t (void *source, uint8_t *request, int64_t now, uint8_t *list, size_t cap, _Out_ size_t *count, _Out_ doors_report *report)',
    doors_request_chose:
        'int32_t (void *source, uint8_t *request, uint32_t upstream, doors_pod *pod, int64_t now, _Out_ doors_step *step)',
    doors_request_chose_none:
        'int32_t (void *source, uint8_t *request, int64_t now, uint64_t random, _Out_ doors_step *step)',
    doors_request_give_up:
        'int32_t (void *source, uint8_t *request, uint32_t outcome, int64_t now, uint64_t random, _Out_ doors_step *step)',
    doors_request_answered:
        'int32_t (void *source, uint8_t *request, uint32_t marks, int64_t now, uint64_t random, _Out_ doors_step *step)',
    doors_request_ended: 'int32_t (void *source, uint8_t *request, int64_t now)',
    doors_request_decision: 'int32_t (void *source, uint8_t *request, _Out_ doors_decision *out)',
};

/** Throws for an integer that koffi would cut off: `type` is that of the header. Anything else is koffi's to judge. */
function fits(name, type, value) {
    const [, unsigned, bits] = /^(u?)int(\d+)_t$/.exec(type.replace('size_t', 'uint64_t')) ?? [];
    if (bits === undefined || !['number', 'bigint'].includes(typeof value)) return;
    const least = unsigned ? 0n : -(1n << BigInt(bits - 1));
    const greatest = (1n << BigInt(unsigned ? bits : bits - 1)) - 1n;
    const whole = typeof value === 'bigint' || Number.isSafeInteger(value);
    if (!whole || value < least || value > greatest) {
        throw new RangeError(`${name}: ${value} must be a whole number from ${least} to ${greatest}`);
    }
}

/** The members of each struct, with their types. */
const members = Object.fromEntries(Object.entries(structs).map(([name, struct]) => [name, koffi.type(struct).members]));

function checked(struct, object) {
    for (const [name, { type }] of Object.entries(members[struct])) fits(name, type.name, object[name]);
    return object;
}

/** A function of the library that refuses integers that do not fit. */
function checking(name, prototype) {
    const call = library.func(prototype.replace(' (', ` ${name}(`));
    const types = /\((.*)\)/.exec(prototype)[1].split(', ').map((parameter) => parameter.split(' ')[0]);
    return (...values) => {
        types.forEach((type, index) => fits(`${name}, argument ${index}`, type, values[index]));
        return call(...values);
    };
}

const library = koffi.load(process.env.DOORS_CADDY_LIBRARY ?? 'libdoors_caddy.so.0.2');

/** The functions themselves, by their names. */
export const lib = Object.fromEntries(
    Object.entries(prototypes).map(([name, prototype]) => [name, checking(name, prototype)]),
);

/** What went wrong: the status, the message, and the key, CIDR or upstream to blame, null where there is none. */
export class DoorsError extends Error {
    name = 'DoorsError';

    constructor(status, message = lib.doors_status_str(status), index = NONE) {
        super(message);
        this.status = status;
        this.index = orNull(index);
    }
}

/** Throws if this module was written for another interface than the loaded library speaks. */
export function checkAbi(loaded) {
    if (loaded !== ABI) {
        throw new Error(
            `libdoors_caddy ${lib.doors_version()} has interface ${loaded}, but this module was written for ${ABI}`,
        );
    }
}
checkAbi(lib.doors_abi());

/** The words for a number; `what` is status, decision, reason, path, outcome, verdict, idle, step, cause, lookup or host. */
export const nameOf = (what, number) => lib[`doors_${what}_str`](number);

const orNull = (index) => (index === NONE ? null : index);

function ok(status, error) {
    if (status === STATUS_OK) return;
    throw error?.message ? new DoorsError(status, error.message, error.index) : new DoorsError(status);
}

/** Checks one value of a configuration, by the rules of Router; `field` is one of FIELD_*. */
export function check(field, value) {
    const bytes = Buffer.from(value);
    const error = {};
    ok(lib.doors_check(field, bytes, bytes.length, error), error);
}

/** The 4 or 16 bytes of an address in text form, in network byte order. */
export function packed(address) {
    switch (isIP(address)) {
        case 4:
            return Uint8Array.from(address.split('.'), Number);
        case 6:
            return packed6(address);
        default:
            throw new TypeError(`"${address}" is no IP address`);
    }
}

function packed6(address) {
    // The URL parser writes an IPv4 address at the end as two groups.
    const [head, tail] = new URL(`http://[${address.split('%')[0]}]/`).hostname.slice(1, -1).split('::');
    const groups = (part) => (part ? part.split(':').map((group) => parseInt(group, 16)) : []);
    const [first, last] = [groups(head), groups(tail)];
    const all = [...first, ...Array(8 - first.length - last.length).fill(0), ...last];
    return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]));
}

/** An address in text form, in the form of RFC 5952; null for none. */
function unpacked({ bytes, len }) {
    if (len === 0) return null;
    if (len === 4) return Array.from(bytes.slice(0, 4)).join('.');
    const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] << 8) | bytes[2 * i + 1]).toString(16));
    return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

const addr = (address) => {
    const bytes = packed(address);
    const padded = new Uint8Array(16);
    padded.set(bytes);
    return { bytes: padded, len: bytes.length };
};

/** A text of the library, which ends with a NUL. */
const textOf = (bytes) => bytes.toString('utf8', 0, bytes.indexOf(0));

let live = 0;

/** How many handles this thread has made and not closed. */
export const liveHandles = () => live;

class Handle {
    #free;

    /** Makes a handle from a text or by a call; or takes one that another thread owns, a bigint. */
    constructor(kind, from) {
        if (typeof from === 'bigint') {
            this.pointer = from;
            return;
        }
        const out = [null];
        const error = {};
        if (typeof from === 'function') {
            ok(from(out, error), error);
        } else {
            const bytes = Buffer.from(from);
            ok(lib[`doors_${kind}_new`](bytes, bytes.length, out, error), error);
        }
        this.pointer = out[0];
        this.#free = lib[`doors_${kind}_free`];
        live += 1;
    }

    /** Frees the handle if this object owns it; a later call on it throws. Closing twice is fine. */
    close() {
        if (this.#free && this.pointer !== null) {
            this.#free(this.pointer);
            live -= 1;
        }
        this.pointer = null;
    }

    /** The public names of the keys of a cipher or router, in the order of the secret. */
    keyIdsOf(kind) {
        const count = [0];
        ok(lib[`doors_${kind}_keys`](this.pointer, count));
        return Array.from({ length: count[0] }, (_, index) => {
            const id = Buffer.alloc(KEY_ID_SIZE);
            ok(lib[`doors_${kind}_key_id`](this.pointer, index, id));
            return textOf(id);
        });
    }

    /** What a look-up of an address writes to its index; null for DOORS_STATUS_NO_MATCH. */
    indexOf(lookup, address) {
        const index = [0];
        const status = lookup(this.pointer, addr(address), index);
        if (status === STATUS_NO_MATCH) return null;
        ok(status);
        return index[0];
    }
}

/** Makes and reads tokens. The secret holds one to eight base64 keys, separated by white space. */
export class Cipher extends Handle {
    constructor(secret) {
        super('cipher', secret);
    }

    static shared = (pointer) => new Cipher(BigInt(pointer));

    encode(address) {
        const token = Buffer.alloc(TOKEN_SIZE);
        ok(lib.doors_cipher_encode(this.pointer, addr(address), token, token.length, [0]));
        return textOf(token);
    }

    keyIds = () => this.keyIdsOf('cipher');

    /** The address in a token, and which key opened it, from 0. */
    decode(token) {
        const bytes = Buffer.from(token);
        const [out, key] = [{}, [0]];
        ok(lib.doors_cipher_decode(this.pointer, bytes, bytes.length, out, key));
        return { address: unpacked(out), key: key[0] };
    }
}

/** A list of CIDRs, separated by white space. */
export class Cidrs extends Handle {
    constructor(cidrs) {
        super('cidrs', cidrs);
    }

    static shared = (pointer) => new Cidrs(BigInt(pointer));

    /** The index of the longest CIDR that holds the address; null if none does. */
    lookup(address) {
        return this.indexOf(lib.doors_cidrs_lookup, address);
    }
}

const decisionOf = ({ kind, reason, upstream, key, port, path, addr: found }) =>
    ({ kind, reason, upstream: orNull(upstream), key: orNull(key), port, path, address: unpacked(found) });

/** Decides where requests go. The configuration is the JSON of doors_router_new(). */
export class Router extends Handle {
    constructor(json) {
        super('router', json);
    }

    static shared = (pointer) => new Router(BigInt(pointer));

    /** kind, reason, upstream, key, port, path and address; null where there is none. */
    decide(path, cookies = '') {
        const [p, c] = [Buffer.from(path), Buffer.from(cookies)];
        const out = {};
        ok(lib.doors_router_decide(this.pointer, p, p.length, c, c.length, out));
        return decisionOf(out);
    }

    /** The index of the upstream in one of whose CIDRs the address lies; null if there is none. */
    lookup(address) {
        return this.indexOf(lib.doors_router_lookup, address);
    }

    /** The number of upstreams. */
    get length() {
        const count = [0];
        ok(lib.doors_router_upstreams(this.pointer, count));
        return count[0];
    }

    /** Host and port of an upstream. */
    upstream(index) {
        const [host, port] = [Buffer.alloc(HOST_SIZE), [0]];
        ok(lib.doors_router_upstream(this.pointer, index, host, port));
        return { host: textOf(host), port: port[0] };
    }

    keyIds = () => this.keyIdsOf('router');

    warnings() {
        const found = [];
        for (;;) {
            const warning = {};
            const status = lib.doors_router_warning(this.pointer, found.length, warning);
            if (status === STATUS_NO_MATCH) return found;
            ok(status);
            found.push(warning.message);
        }
    }
}

const podOf = ({ address, port }) => checked('doors_pod', { addr: addr(address), port, reserved: 0 });
/** A list of structs whose length is known only with it: `call` gets room for it, and its count. */
function listOf(struct, call) {
    const size = koffi.sizeof(structs[struct]);
    for (let cap = 64; ; ) {
        const [room, count] = [new Uint8Array(new ArrayBuffer(cap * size)), [0]];
        ok(call(room, cap, count));
        if (count[0] <= cap) {
            return Array.from({ length: Number(count[0]) }, (_, at) => koffi.decode(room, at * size, structs[struct]));
        }
        cap = Number(count[0]);
    }
}

const evictionOf = ({ address, bits = 0, upstream = 0, rate = 0, flags = 0 }) => checked('doors_eviction', {
    addr: address ? addr(address) : { bytes: new Uint8Array(16), len: 0 }, bits, upstream, rate, flags, since: 0, told: 0,
    reserved: [0, 0],
});
const podFrom = ({ addr, port }) => ({ address: unpacked(addr), port });
const optionsOf = (struct, init, values) => {
    const out = {};
    ok(init(out));
    for (const name of Object.keys(values)) {
        if (name === 'reserved' || !(name in out)) throw new TypeError(`${struct} has no member ${name}`);
    }
    return checked(struct, { ...out, ...values });
};

/** flags (REPORT_*) and suppressed; changed, draining, background, dropped and outside are null unless their flag is set. */
const reportOf = (out) => ({
    flags: out.flags,
    suppressed: out.suppressed,
    changed: out.flags & REPORT_CHANGED
        ? { upstream: out.changed_upstream, pod: podFrom(out.changed_pod), verdict: out.changed_verdict } : null,
    draining: out.flags & REPORT_DRAINING
        ? { upstream: out.draining_upstream, pod: podFrom(out.draining_pod), draining: out.draining === 1 } : null,
    background: out.flags & REPORT_BACKGROUND
        ? { upstream: out.background_upstream, pod: podFrom(out.background_pod) } : null,
    dropped: out.flags & REPORT_DROPPED ? { host: out.dropped_host, address: unpacked(out.dropped_addr) } : null,
    outside: out.flags & REPORT_OUTSIDE
        ? { upstream: out.outside_upstream, address: unpacked(out.outside_addr) } : null,
});

/** The members of doors_step: kind is STEP_*. */
const stepOf = ({ pod, report, ...rest }) =>
    ({ ...rest, pod: pod.addr.len ? podFrom(pod) : null, report: reportOf(report) });

/**
 * What a process knows about hosts and pods; one is enough. `limits` are members of doors_limits, good values stand for the
 * others. `now` is nanoseconds of one monotonic clock, such as process.hrtime.bigint(); `random` is any number below 2^64.
 */
export class State extends Handle {
    constructor(limits = {}) {
        super('state', typeof limits === 'bigint' ? limits : (out) =>
            lib.doors_state_new(optionsOf('doors_limits', lib.doors_limits_init, limits), out));
    }

    static shared = (pointer) => new State(BigInt(pointer));

    limit(maxPods) {
        ok(lib.doors_state_limit(this.pointer, maxPods));
    }

    /** The lookups to begin now, each {host, resolver, name}, and when to ask again. */
    due(now, random) {
        const next = [0];
        const list = listOf('doors_lookup', (room, cap, count) =>
            lib.doors_state_due(this.pointer, now, random, room, cap, count, next));
        return { lookups: list.map(({ host, resolver, name }) => ({ host, resolver, name })), next: next[0] };
    }

    /** A lookup has ended. `missing` is MISSING_*, added up, and `failure` why (LOOKUP_*). */
    resolved(host, addresses, now, random, missing = 0, failure = 0) {
        const [list, out] = [addresses.map(addr), {}];
        ok(lib.doors_state_resolved(this.pointer, host, list, list.length, missing, failure, now, random, out));
        return out;
    }

    /** Addresses came after their lookup was reported. */
    resolvedLate(host, addresses, now) {
        const [list, out] = [addresses.map(addr), {}];
        ok(lib.doors_state_resolved_late(this.pointer, host, list, list.length, now, out));
        return out;
    }

    lookupFailed(host, failure, now, random) {
        const out = {};
        ok(lib.doors_state_lookup_failed(this.pointer, host, failure, now, random, out));
        return out;
    }

    /** The members of doors_host_state, and the addresses. */
    host(host, now) {
        const out = {};
        const list = listOf('doors_addr', (room, cap, count) =>
            lib.doors_state_host(this.pointer, host, now, out, room, cap, count));
        const { reserved, name_len, ...rest } = out;
        return { ...rest, addresses: list.map(unpacked) };
    }

    /** At most so many pods, by address (IPv4 first) and port, those after one of them: the members of doors_known_pod. */
    pods(after = null, most = 1000) {
        const [size, known, count] = [koffi.sizeof(structs.doors_known_pod), [0], [0]];
        const room = new Uint8Array(new ArrayBuffer(most * size));
        ok(lib.doors_state_pods(this.pointer, after && podOf(after), room, most, count, known));
        return Array.from({ length: Number(count[0]) }, (_, at) => {
            const { reserved, pod, ...rest } = koffi.decode(room, at * size, structs.doors_known_pod);
            return { ...rest, pod: podFrom(pod) };
        });
    }

    verdict(pod) {
        const out = [0];
        ok(lib.doors_state_verdict(this.pointer, podOf(pod), out));
        return out[0];
    }

    /** The members of doors_idle. */
    idle(address, idle, started, now) {
        const out = {};
        ok(lib.doors_state_idle(this.pointer, addr(address), idle, started, now, out));
        return out;
    }

    /**
     * Evicts pods until undo(), or changes the eviction with this target: {address, bits}, {upstream} or both, with rate
     * and flags (EVICT_*).
     */
    evict(eviction, now) {
        ok(lib.doors_state_evict(this.pointer, evictionOf(eviction), now));
    }

    /** Takes the eviction with this target back. */
    undo(eviction, now) {
        ok(lib.doors_state_undo(this.pointer, evictionOf(eviction), now));
    }

    /** All evictions, the oldest first: the members of doors_eviction; the address is null for all of an upstream. */
    evictions() {
        const list = listOf('doors_eviction', (room, cap, count) =>
            lib.doors_state_evictions(this.pointer, room, cap, count));
        return list.map(({ reserved, addr, ...rest }) => ({ ...rest, address: addr.len ? unpacked(addr) : null }));
    }

    /** What has happened to pods, of the last 256 events those after one: the members of doors_event, kind is EVENT_*. */
    events(after = 0) {
        const list = listOf('doors_event', (room, cap, count) =>
            lib.doors_state_events(this.pointer, after, room, cap, count));
        return list.map(({ reserved, pod: { addr, port }, ...rest }) =>
            ({ ...rest, pod: { address: addr.len ? unpacked(addr) : null, port } }));
    }
}

/** One configuration in use. `options` are members of doors_options, good values stand for the others. */
export class Source extends Handle {
    constructor(state, json, options = {}) {
        super('source', typeof state === 'bigint' ? state : (out, error) => {
            const bytes = Buffer.from(json);
            const filled = optionsOf('doors_options', lib.doors_options_init, options);
            return lib.doors_source_new(state.pointer, bytes, bytes.length, filled, out, error);
        });
    }

    static shared = (pointer) => new Source(BigInt(pointer));

    /** The router of this source, which lives as long and is not closed. */
    router = () => Router.shared(koffi.address(lib.doors_source_router(this.pointer)));

    /** A request begins: a Request, whose `step` says what to do. */
    begin(method, hasBody, path, cookies, now, random) {
        return new Request(this, method, hasBody, path, cookies, now, random);
    }

    /** What became of a dial, also of one in the background. */
    dialled(upstream, pod, outcome, now, random) {
        const out = {};
        ok(lib.doors_source_dialled(this.pointer, upstream, podOf(pod), outcome, now, random, out));
        return reportOf(out);
    }

    /** Keeps the lookups of an upstream's host going. */
    use(upstream, now) {
        const out = {};
        ok(lib.doors_source_use(this.pointer, upstream, now, out));
        return reportOf(out);
    }

    /** The numbers of the host and of the upstream, as in a lookup and in a known pod. */
    upstream(index) {
        const [host, upstream] = [[0], [0]];
        ok(lib.doors_source_upstream(this.pointer, index, host, upstream));
        return { host: host[0], upstream: upstream[0] };
    }

    /** The pods of an upstream in DNS, inside and outside of its networks. */
    fresh(upstream) {
        const inside = [0];
        const pods = listOf('doors_pod', (room, cap, count) =>
            lib.doors_source_fresh(this.pointer, upstream, room, cap, inside, count)).map(podFrom);
        return { inside: pods.slice(0, Number(inside[0])), outside: pods.slice(Number(inside[0])) };
    }
}

/** One request of a Source. Each call but ended() sets `step`. */
export class Request {
    #source;
    #memory = new Uint8Array(new ArrayBuffer(koffi.sizeof(structs.doors_request)));

    constructor(source, method, hasBody, path, cookies, now, random) {
        this.#source = source;
        const [p, c, step, decision] = [Buffer.from(path), Buffer.from(cookies), {}, {}];
        ok(lib.doors_request_begin(
            source.pointer, method, Number(hasBody), p, p.length, c, c.length, now, random, this.#memory, step));
        ok(lib.doors_request_decision(source.pointer, this.#memory, decision));
        this.step = stepOf(step);
        this.decision = decisionOf(decision);
    }

    #next(name, ...values) {
        const out = {};
        ok(lib[`doors_request_${name}`](this.#source.pointer, this.#memory, ...values, out));
        this.step = stepOf(out);
        return this.step;
    }

    /** The attempt has ended without an answer; its dial was told to Source.dialled(). */
    next = (outcome, now, random) => this.#next('next', outcome, now, random);

    /** Source.dialled() and next() in one. */
    failed = (outcome, now, random) => this.#next('failed', outcome, now, random);

    resume = (now, random) => this.#next('resume', now, random);

    chose = (upstream, pod, now) => this.#next('chose', upstream, podOf(pod), now);

    choseNone = (now, random) => this.#next('chose_none', now, random);

    /** With OPTION_USER_RETRIES: the retries are over; `outcome` is 0 if the last one was told to next(). */
    giveUp = (outcome, now, random) => this.#next('give_up', outcome, now, random);

    /** The pod has begun to answer; `marks` are MARK_*, added up. STEP_DONE: pass the answer on. */
    answered = (marks, now, random) => this.#next('answered', marks, now, random);

    /** The pods to choose from, each {upstream, tier, pod}, and a report. */
    choices(now) {
        const report = {};
        const places = listOf('doors_place', (room, cap, count) =>
            lib.doors_request_choices(this.#source.pointer, this.#memory, now, room, cap, count, report));
        return { places: places.map((place) => ({ ...place, pod: podFrom(place.pod) })), report: reportOf(report) };
    }

    /** The request is over, however. Call it once for each begin(). */
    ended(now) {
        ok(lib.doors_request_ended(this.#source.pointer, this.#memory, now));
    }
}
