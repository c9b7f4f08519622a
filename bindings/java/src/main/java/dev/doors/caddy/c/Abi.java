package dev.doors.caddy.c;

import java.util.Locale;

/** The functions of libdoors_caddy, and where the members of its structs are: size and offsets in bytes. Generated from include/doors_caddy.h by {@code make header}. Do not edit. */
public final class Abi {
    private Abi() {}

    /** A function. */
    public enum Function {
        /** {@code const char *doors_status_str(int32_t number);} */
        DOORS_STATUS_STR("pi"),
        /** {@code const char *doors_decision_str(uint32_t number);} */
        DOORS_DECISION_STR("pi"),
        /** {@code const char *doors_reason_str(uint32_t number);} */
        DOORS_REASON_STR("pi"),
        /** {@code const char *doors_path_str(uint32_t number);} */
        DOORS_PATH_STR("pi"),
        /** {@code const char *doors_step_str(uint32_t number);} */
        DOORS_STEP_STR("pi"),
        /** {@code const char *doors_cause_str(uint32_t number);} */
        DOORS_CAUSE_STR("pi"),
        /** {@code const char *doors_event_str(uint32_t number);} */
        DOORS_EVENT_STR("pi"),
        /** {@code const char *doors_lookup_str(uint32_t number);} */
        DOORS_LOOKUP_STR("pi"),
        /** {@code const char *doors_host_str(uint32_t number);} */
        DOORS_HOST_STR("pi"),
        /** {@code const char *doors_outcome_str(uint32_t number);} */
        DOORS_OUTCOME_STR("pi"),
        /** {@code const char *doors_verdict_str(uint32_t number);} */
        DOORS_VERDICT_STR("pi"),
        /** {@code const char *doors_idle_str(uint32_t number);} */
        DOORS_IDLE_STR("pi"),
        /** {@code const char *doors_version(void);} */
        DOORS_VERSION("p"),
        /** {@code uint32_t doors_abi(void);} */
        DOORS_ABI("i"),
        /** {@code int32_t doors_cipher_new(const char *secrets, size_t len, struct doors_cipher **out, struct doors_error *err);} */
        DOORS_CIPHER_NEW("iplpp"),
        /** {@code int32_t doors_cipher_encode(const struct doors_cipher *cipher, const struct doors_addr *addr, char *token, size_t cap, size_t *token_len);} */
        DOORS_CIPHER_ENCODE("ippplp"),
        /** {@code int32_t doors_cipher_decode(const struct doors_cipher *cipher, const char *token, size_t len, struct doors_addr *addr, uint32_t *key);} */
        DOORS_CIPHER_DECODE("ipplpp"),
        /** {@code int32_t doors_cipher_keys(const struct doors_cipher *cipher, uint32_t *count);} */
        DOORS_CIPHER_KEYS("ipp"),
        /** {@code int32_t doors_cipher_key_id(const struct doors_cipher *cipher, uint32_t index, char *id);} */
        DOORS_CIPHER_KEY_ID("ipip"),
        /** {@code void doors_cipher_free(struct doors_cipher *cipher);} */
        DOORS_CIPHER_FREE("vp"),
        /** {@code int32_t doors_cidrs_new(const char *cidrs, size_t len, struct doors_cidrs **out, struct doors_error *err);} */
        DOORS_CIDRS_NEW("iplpp"),
        /** {@code int32_t doors_cidrs_lookup(const struct doors_cidrs *cidrs, const struct doors_addr *addr, uint32_t *index);} */
        DOORS_CIDRS_LOOKUP("ippp"),
        /** {@code void doors_cidrs_free(struct doors_cidrs *cidrs);} */
        DOORS_CIDRS_FREE("vp"),
        /** {@code int32_t doors_router_new(const char *json, size_t len, struct doors_router **out, struct doors_error *err);} */
        DOORS_ROUTER_NEW("iplpp"),
        /** {@code int32_t doors_router_decide(const struct doors_router *router, const char *path, size_t path_len, const char *cookies, size_t cookies_len, struct doors_decision *out);} */
        DOORS_ROUTER_DECIDE("ipplplp"),
        /** {@code int32_t doors_router_lookup(const struct doors_router *router, const struct doors_addr *addr, uint32_t *upstream);} */
        DOORS_ROUTER_LOOKUP("ippp"),
        /** {@code int32_t doors_router_upstreams(const struct doors_router *router, uint32_t *count);} */
        DOORS_ROUTER_UPSTREAMS("ipp"),
        /** {@code int32_t doors_router_upstream(const struct doors_router *router, uint32_t index, char *host, uint16_t *port);} */
        DOORS_ROUTER_UPSTREAM("ipipp"),
        /** {@code int32_t doors_router_keys(const struct doors_router *router, uint32_t *count);} */
        DOORS_ROUTER_KEYS("ipp"),
        /** {@code int32_t doors_router_key_id(const struct doors_router *router, uint32_t index, char *id);} */
        DOORS_ROUTER_KEY_ID("ipip"),
        /** {@code int32_t doors_router_warning(const struct doors_router *router, uint32_t n, struct doors_error *out);} */
        DOORS_ROUTER_WARNING("ipip"),
        /** {@code void doors_router_free(struct doors_router *router);} */
        DOORS_ROUTER_FREE("vp"),
        /** {@code int32_t doors_check(uint32_t field, const char *value, size_t len, struct doors_error *err);} */
        DOORS_CHECK("iiplp"),
        /** {@code int32_t doors_limits_init(struct doors_limits *out);} */
        DOORS_LIMITS_INIT("ip"),
        /** {@code int32_t doors_options_init(struct doors_options *out);} */
        DOORS_OPTIONS_INIT("ip"),
        /** {@code int32_t doors_state_new(const struct doors_limits *limits, struct doors_state **out);} */
        DOORS_STATE_NEW("ipp"),
        /** {@code int32_t doors_state_limit(struct doors_state *state, uint32_t max_pods);} */
        DOORS_STATE_LIMIT("ipi"),
        /** {@code int32_t doors_state_pods(const struct doors_state *state, const struct doors_pod *after, struct doors_known_pod *list, size_t cap, size_t *count, size_t *known);} */
        DOORS_STATE_PODS("ippplpp"),
        /** {@code int32_t doors_state_verdict(const struct doors_state *state, const struct doors_pod *pod, uint32_t *verdict);} */
        DOORS_STATE_VERDICT("ippp"),
        /** {@code int32_t doors_state_idle(const struct doors_state *state, const struct doors_addr *addr, int64_t idle, int64_t started, int64_t now, struct doors_idle *out);} */
        DOORS_STATE_IDLE("ipplllp"),
        /** {@code void doors_state_free(struct doors_state *state);} */
        DOORS_STATE_FREE("vp"),
        /** {@code int32_t doors_state_evict(struct doors_state *state, const struct doors_eviction *eviction, int64_t now);} */
        DOORS_STATE_EVICT("ippl"),
        /** {@code int32_t doors_state_undo(struct doors_state *state, const struct doors_eviction *eviction, int64_t now);} */
        DOORS_STATE_UNDO("ippl"),
        /** {@code int32_t doors_state_evictions(const struct doors_state *state, struct doors_eviction *list, size_t cap, size_t *count);} */
        DOORS_STATE_EVICTIONS("ipplp"),
        /** {@code int32_t doors_state_events(const struct doors_state *state, uint64_t after, struct doors_event *list, size_t cap, size_t *count);} */
        DOORS_STATE_EVENTS("iplplp"),
        /** {@code int32_t doors_state_due(struct doors_state *state, int64_t now, uint64_t random, struct doors_lookup *list, size_t cap, size_t *count, int64_t *next);} */
        DOORS_STATE_DUE("ipllplpp"),
        /** {@code int32_t doors_state_resolved(struct doors_state *state, uint64_t host, const struct doors_addr *list, size_t count, uint32_t missing, uint32_t failure, int64_t now, uint64_t random, struct doors_host_report *out);} */
        DOORS_STATE_RESOLVED("iplpliillp"),
        /** {@code int32_t doors_state_resolved_late(struct doors_state *state, uint64_t host, const struct doors_addr *list, size_t count, int64_t now, struct doors_host_report *out);} */
        DOORS_STATE_RESOLVED_LATE("iplpllp"),
        /** {@code int32_t doors_state_lookup_failed(struct doors_state *state, uint64_t host, uint32_t failure, int64_t now, uint64_t random, struct doors_host_report *out);} */
        DOORS_STATE_LOOKUP_FAILED("iplillp"),
        /** {@code int32_t doors_state_host(const struct doors_state *state, uint64_t host, int64_t now, struct doors_host_state *out, struct doors_addr *list, size_t cap, size_t *count);} */
        DOORS_STATE_HOST("ipllpplp"),
        /** {@code int32_t doors_source_new(struct doors_state *state, const char *json, size_t len, const struct doors_options *options, struct doors_source **out, struct doors_error *err);} */
        DOORS_SOURCE_NEW("ipplppp"),
        /** {@code const struct doors_router *doors_source_router(const struct doors_source *source);} */
        DOORS_SOURCE_ROUTER("pp"),
        /** {@code int32_t doors_source_dialled(struct doors_source *source, uint32_t upstream, const struct doors_pod *pod, uint32_t outcome, int64_t now, uint64_t random, struct doors_report *out);} */
        DOORS_SOURCE_DIALLED("ipipillp"),
        /** {@code int32_t doors_source_use(struct doors_source *source, uint32_t upstream, int64_t now, struct doors_report *out);} */
        DOORS_SOURCE_USE("ipilp"),
        /** {@code int32_t doors_source_upstream(const struct doors_source *source, uint32_t upstream, uint64_t *host, uint64_t *number);} */
        DOORS_SOURCE_UPSTREAM("ipipp"),
        /** {@code int32_t doors_source_fresh(const struct doors_source *source, uint32_t upstream, struct doors_pod *list, size_t cap, size_t *inside, size_t *count);} */
        DOORS_SOURCE_FRESH("ipiplpp"),
        /** {@code void doors_source_free(struct doors_source *source);} */
        DOORS_SOURCE_FREE("vp"),
        /** {@code int32_t doors_request_begin(struct doors_source *source, uint32_t method, uint32_t has_body, const char *path, size_t path_len, const char *cookies, size_t cookies_len, int64_t now, uint64_t random, struct doors_request *request, struct doors_step *step);} */
        DOORS_REQUEST_BEGIN("ipiiplplllpp"),
        /** {@code int32_t doors_request_next(struct doors_source *source, struct doors_request *request, uint32_t outcome, int64_t now, uint64_t random, struct doors_step *step);} */
        DOORS_REQUEST_NEXT("ippillp"),
        /** {@code int32_t doors_request_failed(struct doors_source *source, struct doors_request *request, uint32_t outcome, int64_t now, uint64_t random, struct doors_step *step);} */
        DOORS_REQUEST_FAILED("ippillp"),
        /** {@code int32_t doors_request_resume(struct doors_source *source, struct doors_request *request, int64_t now, uint64_t random, struct doors_step *step);} */
        DOORS_REQUEST_RESUME("ippllp"),
        /** {@code int32_t doors_request_choices(struct doors_source *source, struct doors_request *request, int64_t now, struct doors_place *list, size_t cap, size_t *count, struct doors_report *report);} */
        DOORS_REQUEST_CHOICES("ipplplpp"),
        /** {@code int32_t doors_request_chose(struct doors_source *source, struct doors_request *request, uint32_t upstream, const struct doors_pod *pod, int64_t now, struct doors_step *step);} */
        DOORS_REQUEST_CHOSE("ippiplp"),
        /** {@code int32_t doors_request_chose_none(struct doors_source *source, struct doors_request *request, int64_t now, uint64_t random, struct doors_step *step);} */
        DOORS_REQUEST_CHOSE_NONE("ippllp"),
        /** {@code int32_t doors_request_give_up(struct doors_source *source, struct doors_request *request, uint32_t outcome, int64_t now, uint64_t random, struct doors_step *step);} */
        DOORS_REQUEST_GIVE_UP("ippillp"),
        /** {@code int32_t doors_request_answered(struct doors_source *source, struct doors_request *request, uint32_t marks, int64_t now, uint64_t random, struct doors_step *step);} */
        DOORS_REQUEST_ANSWERED("ippillp"),
        /** {@code int32_t doors_request_ended(struct doors_source *source, struct doors_request *request, int64_t now);} */
        DOORS_REQUEST_ENDED("ippl"),
        /** {@code int32_t doors_request_decision(const struct doors_source *source, const struct doors_request *request, struct doors_decision *out);} */
        DOORS_REQUEST_DECISION("ippp");

        private final String signature;

        Function(String signature) {
            this.signature = signature;
        }

        /** {@return the name of the function in the library} */
        public String symbol() {
            return name().toLowerCase(Locale.ROOT);
        }

        /**
         * Returns the signature: a letter for the result, then one for each parameter. {@code i} is 32 bits, {@code l}
         * 64 bits, {@code p} a pointer and {@code v} nothing.
         *
         * @return the letters
         */
        public String signature() {
            return signature;
        }
    }

    /** The size of {@code doors_error}, in bytes. */
    public static final int ERROR_SIZE = 520;
    /** The offset of {@code status} in {@code doors_error}, in bytes. */
    public static final int ERROR_STATUS = 0;
    /** The offset of {@code index} in {@code doors_error}, in bytes. */
    public static final int ERROR_INDEX = 4;
    /** The offset of {@code message} in {@code doors_error}, in bytes. */
    public static final int ERROR_MESSAGE = 8;

    /** The size of {@code doors_addr}, in bytes. */
    public static final int ADDR_SIZE = 20;
    /** The offset of {@code bytes} in {@code doors_addr}, in bytes. */
    public static final int ADDR_BYTES = 0;
    /** The offset of {@code len} in {@code doors_addr}, in bytes. */
    public static final int ADDR_LEN = 16;

    /** The size of {@code doors_decision}, in bytes. */
    public static final int DECISION_SIZE = 56;
    /** The offset of {@code kind} in {@code doors_decision}, in bytes. */
    public static final int DECISION_KIND = 0;
    /** The offset of {@code reason} in {@code doors_decision}, in bytes. */
    public static final int DECISION_REASON = 4;
    /** The offset of {@code upstream} in {@code doors_decision}, in bytes. */
    public static final int DECISION_UPSTREAM = 8;
    /** The offset of {@code key} in {@code doors_decision}, in bytes. */
    public static final int DECISION_KEY = 12;
    /** The offset of {@code port} in {@code doors_decision}, in bytes. */
    public static final int DECISION_PORT = 16;
    /** The offset of {@code path} in {@code doors_decision}, in bytes. */
    public static final int DECISION_PATH = 18;
    /** The offset of {@code addr} in {@code doors_decision}, in bytes. */
    public static final int DECISION_ADDR = 20;
    /** The offset of {@code reserved} in {@code doors_decision}, in bytes. */
    public static final int DECISION_RESERVED = 40;

    /** The size of {@code doors_pod}, in bytes. */
    public static final int POD_SIZE = 24;
    /** The offset of {@code addr} in {@code doors_pod}, in bytes. */
    public static final int POD_ADDR = 0;
    /** The offset of {@code port} in {@code doors_pod}, in bytes. */
    public static final int POD_PORT = 20;
    /** The offset of {@code reserved} in {@code doors_pod}, in bytes. */
    public static final int POD_RESERVED = 22;

    /** The size of {@code doors_idle}, in bytes. */
    public static final int IDLE_SIZE = 32;
    /** The offset of {@code answer} in {@code doors_idle}, in bytes. */
    public static final int IDLE_ANSWER = 0;
    /** The offset of {@code in_flight} in {@code doors_idle}, in bytes. */
    public static final int IDLE_IN_FLIGHT = 4;
    /** The offset of {@code streams} in {@code doors_idle}, in bytes. */
    public static final int IDLE_STREAMS = 8;
    /** The offset of {@code used} in {@code doors_idle}, in bytes. */
    public static final int IDLE_USED = 12;
    /** The offset of {@code last_seen} in {@code doors_idle}, in bytes. */
    public static final int IDLE_LAST_SEEN = 16;
    /** The offset of {@code wait} in {@code doors_idle}, in bytes. */
    public static final int IDLE_WAIT = 24;

    /** The size of {@code doors_limits}, in bytes. */
    public static final int LIMITS_SIZE = 32;
    /** The offset of {@code max_pods} in {@code doors_limits}, in bytes. */
    public static final int LIMITS_MAX_PODS = 0;
    /** The offset of {@code max_waiting} in {@code doors_limits}, in bytes. */
    public static final int LIMITS_MAX_WAITING = 4;
    /** The offset of {@code max_lookups} in {@code doors_limits}, in bytes. */
    public static final int LIMITS_MAX_LOOKUPS = 8;
    /** The offset of {@code max_slow_lookups} in {@code doors_limits}, in bytes. */
    public static final int LIMITS_MAX_SLOW_LOOKUPS = 12;
    /** The offset of {@code refreshes_per_second} in {@code doors_limits}, in bytes. */
    public static final int LIMITS_REFRESHES_PER_SECOND = 16;
    /** The offset of {@code reserved} in {@code doors_limits}, in bytes. */
    public static final int LIMITS_RESERVED = 20;

    /** The size of {@code doors_options}, in bytes. */
    public static final int OPTIONS_SIZE = 88;
    /** The offset of {@code gone_after} in {@code doors_options}, in bytes. */
    public static final int OPTIONS_GONE_AFTER = 0;
    /** The offset of {@code drain_max} in {@code doors_options}, in bytes. */
    public static final int OPTIONS_DRAIN_MAX = 8;
    /** The offset of {@code roll_time} in {@code doors_options}, in bytes. */
    public static final int OPTIONS_ROLL_TIME = 16;
    /** The offset of {@code page_wait} in {@code doors_options}, in bytes. */
    public static final int OPTIONS_PAGE_WAIT = 24;
    /** The offset of {@code refresh} in {@code doors_options}, in bytes. */
    public static final int OPTIONS_REFRESH = 32;
    /** The offset of {@code stale_max} in {@code doors_options}, in bytes. */
    public static final int OPTIONS_STALE_MAX = 40;
    /** The offset of {@code first_lookup} in {@code doors_options}, in bytes. */
    public static final int OPTIONS_FIRST_LOOKUP = 48;
    /** The offset of {@code resolver} in {@code doors_options}, in bytes. */
    public static final int OPTIONS_RESOLVER = 56;
    /** The offset of {@code gone_rate} in {@code doors_options}, in bytes. */
    public static final int OPTIONS_GONE_RATE = 64;
    /** The offset of {@code flags} in {@code doors_options}, in bytes. */
    public static final int OPTIONS_FLAGS = 68;
    /** The offset of {@code reserved} in {@code doors_options}, in bytes. */
    public static final int OPTIONS_RESERVED = 72;

    /** The size of {@code doors_known_pod}, in bytes. */
    public static final int KNOWN_POD_SIZE = 128;
    /** The offset of {@code pod} in {@code doors_known_pod}, in bytes. */
    public static final int KNOWN_POD_POD = 0;
    /** The offset of {@code upstream} in {@code doors_known_pod}, in bytes. */
    public static final int KNOWN_POD_UPSTREAM = 24;
    /** The offset of {@code first_seen} in {@code doors_known_pod}, in bytes. */
    public static final int KNOWN_POD_FIRST_SEEN = 32;
    /** The offset of {@code last_seen} in {@code doors_known_pod}, in bytes. */
    public static final int KNOWN_POD_LAST_SEEN = 40;
    /** The offset of {@code unreachable_since} in {@code doors_known_pod}, in bytes. */
    public static final int KNOWN_POD_UNREACHABLE_SINCE = 48;
    /** The offset of {@code marked_since} in {@code doors_known_pod}, in bytes. */
    public static final int KNOWN_POD_MARKED_SINCE = 56;
    /** The offset of {@code draining_since} in {@code doors_known_pod}, in bytes. */
    public static final int KNOWN_POD_DRAINING_SINCE = 64;
    /** The offset of {@code drained_since} in {@code doors_known_pod}, in bytes. */
    public static final int KNOWN_POD_DRAINED_SINCE = 72;
    /** The offset of {@code evicted_since} in {@code doors_known_pod}, in bytes. */
    public static final int KNOWN_POD_EVICTED_SINCE = 80;
    /** The offset of {@code refused} in {@code doors_known_pod}, in bytes. */
    public static final int KNOWN_POD_REFUSED = 88;
    /** The offset of {@code in_flight} in {@code doors_known_pod}, in bytes. */
    public static final int KNOWN_POD_IN_FLIGHT = 96;
    /** The offset of {@code streams} in {@code doors_known_pod}, in bytes. */
    public static final int KNOWN_POD_STREAMS = 100;
    /** The offset of {@code verdict} in {@code doors_known_pod}, in bytes. */
    public static final int KNOWN_POD_VERDICT = 104;
    /** The offset of {@code fresh} in {@code doors_known_pod}, in bytes. */
    public static final int KNOWN_POD_FRESH = 108;
    /** The offset of {@code marked} in {@code doors_known_pod}, in bytes. */
    public static final int KNOWN_POD_MARKED = 112;
    /** The offset of {@code reserved} in {@code doors_known_pod}, in bytes. */
    public static final int KNOWN_POD_RESERVED = 116;

    /** The size of {@code doors_eviction}, in bytes. */
    public static final int EVICTION_SIZE = 72;
    /** The offset of {@code addr} in {@code doors_eviction}, in bytes. */
    public static final int EVICTION_ADDR = 0;
    /** The offset of {@code bits} in {@code doors_eviction}, in bytes. */
    public static final int EVICTION_BITS = 20;
    /** The offset of {@code upstream} in {@code doors_eviction}, in bytes. */
    public static final int EVICTION_UPSTREAM = 24;
    /** The offset of {@code rate} in {@code doors_eviction}, in bytes. */
    public static final int EVICTION_RATE = 32;
    /** The offset of {@code flags} in {@code doors_eviction}, in bytes. */
    public static final int EVICTION_FLAGS = 36;
    /** The offset of {@code since} in {@code doors_eviction}, in bytes. */
    public static final int EVICTION_SINCE = 40;
    /** The offset of {@code told} in {@code doors_eviction}, in bytes. */
    public static final int EVICTION_TOLD = 48;
    /** The offset of {@code reserved} in {@code doors_eviction}, in bytes. */
    public static final int EVICTION_RESERVED = 56;

    /** The size of {@code doors_event}, in bytes. */
    public static final int EVENT_SIZE = 64;
    /** The offset of {@code number} in {@code doors_event}, in bytes. */
    public static final int EVENT_NUMBER = 0;
    /** The offset of {@code at} in {@code doors_event}, in bytes. */
    public static final int EVENT_AT = 8;
    /** The offset of {@code upstream} in {@code doors_event}, in bytes. */
    public static final int EVENT_UPSTREAM = 16;
    /** The offset of {@code pod} in {@code doors_event}, in bytes. */
    public static final int EVENT_POD = 24;
    /** The offset of {@code bits} in {@code doors_event}, in bytes. */
    public static final int EVENT_BITS = 48;
    /** The offset of {@code kind} in {@code doors_event}, in bytes. */
    public static final int EVENT_KIND = 52;
    /** The offset of {@code pages} in {@code doors_event}, in bytes. */
    public static final int EVENT_PAGES = 56;
    /** The offset of {@code reserved} in {@code doors_event}, in bytes. */
    public static final int EVENT_RESERVED = 60;

    /** The size of {@code doors_lookup}, in bytes. */
    public static final int LOOKUP_SIZE = 280;
    /** The offset of {@code host} in {@code doors_lookup}, in bytes. */
    public static final int LOOKUP_HOST = 0;
    /** The offset of {@code resolver} in {@code doors_lookup}, in bytes. */
    public static final int LOOKUP_RESOLVER = 8;
    /** The offset of {@code name_len} in {@code doors_lookup}, in bytes. */
    public static final int LOOKUP_NAME_LEN = 16;
    /** The offset of {@code name} in {@code doors_lookup}, in bytes. */
    public static final int LOOKUP_NAME = 20;
    /** The offset of {@code reserved} in {@code doors_lookup}, in bytes. */
    public static final int LOOKUP_RESERVED = 276;

    /** The size of {@code doors_host_report}, in bytes. */
    public static final int HOST_REPORT_SIZE = 8;
    /** The offset of {@code change} in {@code doors_host_report}, in bytes. */
    public static final int HOST_REPORT_CHANGE = 0;
    /** The offset of {@code flags} in {@code doors_host_report}, in bytes. */
    public static final int HOST_REPORT_FLAGS = 4;

    /** The size of {@code doors_host_state}, in bytes. */
    public static final int HOST_STATE_SIZE = 320;
    /** The offset of {@code resolver} in {@code doors_host_state}, in bytes. */
    public static final int HOST_STATE_RESOLVER = 0;
    /** The offset of {@code generation} in {@code doors_host_state}, in bytes. */
    public static final int HOST_STATE_GENERATION = 8;
    /** The offset of {@code age} in {@code doors_host_state}, in bytes. */
    public static final int HOST_STATE_AGE = 16;
    /** The offset of {@code failing_for} in {@code doors_host_state}, in bytes. */
    public static final int HOST_STATE_FAILING_FOR = 24;
    /** The offset of {@code refresh} in {@code doors_host_state}, in bytes. */
    public static final int HOST_STATE_REFRESH = 32;
    /** The offset of {@code failure} in {@code doors_host_state}, in bytes. */
    public static final int HOST_STATE_FAILURE = 40;
    /** The offset of {@code users} in {@code doors_host_state}, in bytes. */
    public static final int HOST_STATE_USERS = 44;
    /** The offset of {@code active} in {@code doors_host_state}, in bytes. */
    public static final int HOST_STATE_ACTIVE = 48;
    /** The offset of {@code partial} in {@code doors_host_state}, in bytes. */
    public static final int HOST_STATE_PARTIAL = 52;
    /** The offset of {@code reserved} in {@code doors_host_state}, in bytes. */
    public static final int HOST_STATE_RESERVED = 56;
    /** The offset of {@code name_len} in {@code doors_host_state}, in bytes. */
    public static final int HOST_STATE_NAME_LEN = 60;
    /** The offset of {@code name} in {@code doors_host_state}, in bytes. */
    public static final int HOST_STATE_NAME = 64;

    /** The size of {@code doors_request}, in bytes. */
    public static final int REQUEST_SIZE = 320;
    /** The offset of {@code opaque} in {@code doors_request}, in bytes. */
    public static final int REQUEST_OPAQUE = 0;

    /** The size of {@code doors_report}, in bytes. */
    public static final int REPORT_SIZE = 160;
    /** The offset of {@code flags} in {@code doors_report}, in bytes. */
    public static final int REPORT_FLAGS = 0;
    /** The offset of {@code suppressed} in {@code doors_report}, in bytes. */
    public static final int REPORT_SUPPRESSED = 4;
    /** The offset of {@code dropped_host} in {@code doors_report}, in bytes. */
    public static final int REPORT_DROPPED_HOST = 8;
    /** The offset of {@code dropped_addr} in {@code doors_report}, in bytes. */
    public static final int REPORT_DROPPED_ADDR = 16;
    /** The offset of {@code changed_upstream} in {@code doors_report}, in bytes. */
    public static final int REPORT_CHANGED_UPSTREAM = 36;
    /** The offset of {@code changed_pod} in {@code doors_report}, in bytes. */
    public static final int REPORT_CHANGED_POD = 40;
    /** The offset of {@code changed_verdict} in {@code doors_report}, in bytes. */
    public static final int REPORT_CHANGED_VERDICT = 64;
    /** The offset of {@code draining_upstream} in {@code doors_report}, in bytes. */
    public static final int REPORT_DRAINING_UPSTREAM = 68;
    /** The offset of {@code draining_pod} in {@code doors_report}, in bytes. */
    public static final int REPORT_DRAINING_POD = 72;
    /** The offset of {@code draining} in {@code doors_report}, in bytes. */
    public static final int REPORT_DRAINING = 96;
    /** The offset of {@code background_upstream} in {@code doors_report}, in bytes. */
    public static final int REPORT_BACKGROUND_UPSTREAM = 100;
    /** The offset of {@code background_pod} in {@code doors_report}, in bytes. */
    public static final int REPORT_BACKGROUND_POD = 104;
    /** The offset of {@code outside_upstream} in {@code doors_report}, in bytes. */
    public static final int REPORT_OUTSIDE_UPSTREAM = 128;
    /** The offset of {@code outside_addr} in {@code doors_report}, in bytes. */
    public static final int REPORT_OUTSIDE_ADDR = 132;
    /** The offset of {@code reserved} in {@code doors_report}, in bytes. */
    public static final int REPORT_RESERVED = 152;

    /** The size of {@code doors_step}, in bytes. */
    public static final int STEP_SIZE = 224;
    /** The offset of {@code kind} in {@code doors_step}, in bytes. */
    public static final int STEP_KIND = 0;
    /** The offset of {@code upstream} in {@code doors_step}, in bytes. */
    public static final int STEP_UPSTREAM = 4;
    /** The offset of {@code pod} in {@code doors_step}, in bytes. */
    public static final int STEP_POD = 8;
    /** The offset of {@code probe} in {@code doors_step}, in bytes. */
    public static final int STEP_PROBE = 32;
    /** The offset of {@code status} in {@code doors_step}, in bytes. */
    public static final int STEP_STATUS = 36;
    /** The offset of {@code retry_after} in {@code doors_step}, in bytes. */
    public static final int STEP_RETRY_AFTER = 40;
    /** The offset of {@code cause} in {@code doors_step}, in bytes. */
    public static final int STEP_CAUSE = 44;
    /** The offset of {@code page} in {@code doors_step}, in bytes. */
    public static final int STEP_PAGE = 48;
    /** The offset of {@code last_choice} in {@code doors_step}, in bytes. */
    public static final int STEP_LAST_CHOICE = 52;
    /** The offset of {@code until} in {@code doors_step}, in bytes. */
    public static final int STEP_UNTIL = 56;
    /** The offset of {@code report} in {@code doors_step}, in bytes. */
    public static final int STEP_REPORT = 64;

    /** The size of {@code doors_place}, in bytes. */
    public static final int PLACE_SIZE = 32;
    /** The offset of {@code upstream} in {@code doors_place}, in bytes. */
    public static final int PLACE_UPSTREAM = 0;
    /** The offset of {@code tier} in {@code doors_place}, in bytes. */
    public static final int PLACE_TIER = 4;
    /** The offset of {@code pod} in {@code doors_place}, in bytes. */
    public static final int PLACE_POD = 8;
}
