/** The structs and the functions of include/doors_caddy.h, as koffi takes them. */
import koffi from 'koffi';

const address = koffi.struct('doors_addr', { bytes: koffi.array('uint8_t', 16, 'Typed'), len: 'uint32_t' });

/** The structs, by name. A struct comes before the structs that contain it. */
export const structs = {
    doors_error: koffi.struct('doors_error', {
        status: 'int32_t', index: 'uint32_t', message: koffi.array('char', 512),
    }),
    doors_addr: address,
    doors_decision: koffi.struct('doors_decision', {
        kind: 'uint32_t', reason: 'uint32_t', upstream: 'uint32_t', key: 'uint32_t', port: 'uint16_t', path: 'uint16_t',
        addr: 'doors_addr', reserved: koffi.array('uint32_t', 4),
    }),
    doors_pod: koffi.struct('doors_pod', { addr: 'doors_addr', port: 'uint16_t', reserved: 'uint16_t' }),
    doors_idle: koffi.struct('doors_idle', {
        answer: 'uint32_t', in_flight: 'uint32_t', streams: 'uint32_t', used: 'uint32_t', last_seen: 'int64_t',
        wait: 'int64_t',
    }),
    doors_limits: koffi.struct('doors_limits', {
        max_pods: 'uint32_t', max_waiting: 'uint32_t', max_lookups: 'uint32_t', max_slow_lookups: 'uint32_t',
        refreshes_per_second: 'uint32_t', reserved: koffi.array('uint32_t', 3),
    }),
    doors_options: koffi.struct('doors_options', {
        gone_after: 'int64_t', drain_max: 'int64_t', roll_time: 'int64_t', page_wait: 'int64_t', refresh: 'int64_t',
        stale_max: 'int64_t', first_lookup: 'int64_t', resolver: 'uint64_t', gone_rate: 'uint32_t', flags: 'uint32_t',
        reserved: koffi.array('uint64_t', 2),
    }),
    doors_known_pod: koffi.struct('doors_known_pod', {
        pod: 'doors_pod', upstream: 'uint64_t', first_seen: 'int64_t', last_seen: 'int64_t',
        unreachable_since: 'int64_t', marked_since: 'int64_t', draining_since: 'int64_t', drained_since: 'int64_t',
        evicted_since: 'int64_t', refused: 'uint64_t', in_flight: 'uint32_t', streams: 'uint32_t',
        verdict: 'uint32_t', fresh: 'uint32_t', marked: 'uint32_t', reserved: koffi.array('uint32_t', 3),
    }),
    doors_eviction: koffi.struct('doors_eviction', {
        addr: 'doors_addr', bits: 'uint32_t', upstream: 'uint64_t', rate: 'uint32_t', flags: 'uint32_t',
        since: 'int64_t', told: 'uint64_t', reserved: koffi.array('uint64_t', 2),
    }),
    doors_event: koffi.struct('doors_event', {
        number: 'uint64_t', at: 'int64_t', upstream: 'uint64_t', pod: 'doors_pod', bits: 'uint32_t', kind: 'uint32_t',
        pages: 'uint32_t', reserved: 'uint32_t',
    }),
    doors_lookup: koffi.struct('doors_lookup', {
        host: 'uint64_t', resolver: 'uint64_t', name_len: 'uint32_t', name: koffi.array('char', 256),
        reserved: 'uint32_t',
    }),
    doors_host_report: koffi.struct('doors_host_report', { change: 'uint32_t', flags: 'uint32_t' }),
    doors_host_state: koffi.struct('doors_host_state', {
        resolver: 'uint64_t', generation: 'uint64_t', age: 'int64_t', failing_for: 'int64_t', refresh: 'int64_t',
        failure: 'uint32_t', users: 'uint32_t', active: 'uint32_t', partial: 'uint32_t', reserved: 'uint32_t',
        name_len: 'uint32_t', name: koffi.array('char', 256),
    }),
    doors_request: koffi.struct('doors_request', { opaque: koffi.array('uint64_t', 40) }),
    doors_report: koffi.struct('doors_report', {
        flags: 'uint32_t', suppressed: 'uint32_t', dropped_host: 'uint64_t', dropped_addr: 'doors_addr',
        changed_upstream: 'uint32_t', changed_pod: 'doors_pod', changed_verdict: 'uint32_t',
        draining_upstream: 'uint32_t', draining_pod: 'doors_pod', draining: 'uint32_t',
        background_upstream: 'uint32_t', background_pod: 'doors_pod', outside_upstream: 'uint32_t',
        outside_addr: 'doors_addr', reserved: koffi.array('uint32_t', 2),
    }),
    doors_step: koffi.struct('doors_step', {
        kind: 'uint32_t', upstream: 'uint32_t', pod: 'doors_pod', probe: 'uint32_t', status: 'uint32_t',
        retry_after: 'uint32_t', cause: 'uint32_t', page: 'uint32_t', last_choice: 'uint32_t', until: 'int64_t',
        report: 'doors_report',
    }),
    doors_place: koffi.struct('doors_place', { upstream: 'uint32_t', tier: 'uint32_t', pod: 'doors_pod' }),
};

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
