package dev.doors.caddy;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import com.sun.jna.ptr.ShortByReference;

/**
 * The C API of libdoors_caddy as it is, documented in docs/c-api.md; {@link Doors} is the one for Java. Unsigned numbers
 * are the signed ones of their size, {@code size_t} is {@code long}: 64-bit systems.
 */
public interface DoorsLibrary extends Library {
    /** The shared library, or what the environment variable DOORS_CADDY_LIBRARY names. */
    static DoorsLibrary load() {
        String name = System.getenv().getOrDefault("DOORS_CADDY_LIBRARY", "libdoors_caddy.so.0.2");
        return Native.load(name, DoorsLibrary.class);
    }

    @FieldOrder({"status", "index", "message"})
    class CError extends Structure {
        public int status;
        public int index;
        public byte[] message = new byte[512];
    }

    @FieldOrder({"bytes", "len"})
    class CAddr extends Structure {
        public byte[] bytes = new byte[16];
        public int len;
    }

    @FieldOrder({"kind", "reason", "upstream", "key", "port", "path", "addr", "reserved"})
    class CDecision extends Structure {
        public int kind;
        public int reason;
        public int upstream;
        public int key;
        public short port;
        public short path;
        public CAddr addr;
        public int[] reserved = new int[4];
    }

    @FieldOrder({"addr", "port", "reserved"})
    class CPod extends Structure {
        public CAddr addr;
        public short port;
        public short reserved;
    }

    @FieldOrder({"answer", "in_flight", "streams", "used", "last_seen", "wait"})
    class CIdle extends Structure {
        public int answer;
        public int in_flight;
        public int streams;
        public int used;
        public long last_seen;
        public long wait;
    }

    @FieldOrder({"max_pods", "max_waiting", "max_lookups", "max_slow_lookups", "refreshes_per_second", "reserved"})
    class CLimits extends Structure {
        public int max_pods;
        public int max_waiting;
        public int max_lookups;
        public int max_slow_lookups;
        public int refreshes_per_second;
        public int[] reserved = new int[3];
    }

    @FieldOrder({
        "gone_after", "drain_max", "roll_time", "page_wait", "refresh", "stale_max", "first_lookup", "resolver",
        "gone_rate", "flags", "reserved"
    })
    class COptions extends Structure {
        public long gone_after;
        public long drain_max;
        public long roll_time;
        public long page_wait;
        public long refresh;
        public long stale_max;
        public long first_lookup;
        public long resolver;
        public int gone_rate;
        public int flags;
        public long[] reserved = new long[2];
    }

    @FieldOrder({
        "pod", "upstream", "first_seen", "last_seen", "unreachable_since", "marked_since", "draining_since",
        "drained_since", "evicted_since", "refused", "in_flight", "streams", "verdict", "fresh", "marked", "reserved"
    })
    class CKnownPod extends Structure {
        public CPod pod;
        public long upstream;
        public long first_seen;
        public long last_seen;
        public long unreachable_since;
        public long marked_since;
        public long draining_since;
        public long drained_since;
        public long evicted_since;
        public long refused;
        public int in_flight;
        public int streams;
        public int verdict;
        public int fresh;
        public int marked;
        public int[] reserved = new int[3];
    }

    @FieldOrder({"addr", "bits", "upstream", "rate", "flags", "since", "told", "reserved"})
    class CEviction extends Structure {
        public CAddr addr;
        public int bits;
        public long upstream;
        public int rate;
        public int flags;
        public long since;
        public long told;
        public long[] reserved = new long[2];
    }

    @FieldOrder({"number", "at", "upstream", "pod", "bits", "kind", "pages", "reserved"})
    class CEvent extends Structure {
        public long number;
        public long at;
        public long upstream;
        public CPod pod;
        public int bits;
        public int kind;
        public int pages;
        public int reserved;
    }

    @FieldOrder({"host", "resolver", "name_len", "name", "reserved"})
    class CLookup extends Structure {
        public long host;
        public long resolver;
        public int name_len;
        public byte[] name = new byte[256];
        public int reserved;
    }

    @FieldOrder({"change", "flags"})
    class CHostReport extends Structure {
        public int change;
        public int flags;
    }

    @FieldOrder({
        "resolver", "generation", "age", "failing_for", "refresh", "failure", "users", "active", "partial", "reserved",
        "name_len", "name"
    })
    class CHostState extends Structure {
        public long resolver;
        public long generation;
        public long age;
        public long failing_for;
        public long refresh;
        public int failure;
        public int users;
        public int active;
        public int partial;
        public int reserved;
        public int name_len;
        public byte[] name = new byte[256];
    }

    @FieldOrder({"opaque"})
    class CRequest extends Structure {
        public long[] opaque = new long[40];
    }

    @FieldOrder({
        "flags", "suppressed", "dropped_host", "dropped_addr", "changed_upstream", "changed_pod", "changed_verdict",
        "draining_upstream", "draining_pod", "draining",
        "background_upstream", "background_pod", "outside_upstream", "outside_addr", "reserved"
    })
    class CReport extends Structure {
        public int flags;
        public int suppressed;
        public long dropped_host;
        public CAddr dropped_addr;
        public int changed_upstream;
        public CPod changed_pod;
        public int changed_verdict;
        public int draining_upstream;
        public CPod draining_pod;
        public int draining;
        public int background_upstream;
        public CPod background_pod;
        public int outside_upstream;
        public CAddr outside_addr;
        public int[] reserved = new int[2];
    }

    @FieldOrder({
        "kind", "upstream", "pod", "probe", "status", "retry_after", "cause", "page", "last_choice", "until", "report"
    })
    class CStep extends Structure {
        public int kind;
        public int upstream;
        public CPod pod;
        public int probe;
        public int status;
        public int retry_after;
        public int cause;
        public int page;
        public int last_choice;
        public long until;
        public CReport report;
    }

    @FieldOrder({"upstream", "tier", "pod"})
    class CPlace extends Structure {
        public int upstream;
        public int tier;
        public CPod pod;
    }

    int doors_abi();

    String doors_version();

    String doors_status_str(int number);

    String doors_decision_str(int number);

    String doors_reason_str(int number);

    String doors_path_str(int number);

    String doors_outcome_str(int number);

    String doors_verdict_str(int number);

    String doors_idle_str(int number);

    int doors_check(int field, byte[] value, long len, CError err);

    int doors_cipher_new(byte[] secrets, long len, PointerByReference out, CError err);

    int doors_cipher_encode(Pointer cipher, CAddr addr, byte[] token, long cap, LongByReference tokenLen);

    int doors_cipher_decode(Pointer cipher, byte[] token, long len, CAddr addr, IntByReference key);

    int doors_cipher_keys(Pointer cipher, IntByReference count);

    int doors_cipher_key_id(Pointer cipher, int index, byte[] id);

    void doors_cipher_free(Pointer cipher);

    int doors_cidrs_new(byte[] cidrs, long len, PointerByReference out, CError err);

    int doors_cidrs_lookup(Pointer cidrs, CAddr addr, IntByReference index);

    void doors_cidrs_free(Pointer cidrs);

    int doors_router_new(byte[] json, long len, PointerByReference out, CError err);

    int doors_router_decide(Pointer router, byte[] path, long pathLen, byte[] cookies, long cookiesLen, CDecision out);

    int doors_router_lookup(Pointer router, CAddr addr, IntByReference upstream);

    int doors_router_upstreams(Pointer router, IntByReference count);

    int doors_router_upstream(Pointer router, int index, byte[] host, ShortByReference port);

    int doors_router_keys(Pointer router, IntByReference count);

    int doors_router_key_id(Pointer router, int index, byte[] id);

    int doors_router_warning(Pointer router, int n, CError out);

    void doors_router_free(Pointer router);

    String doors_step_str(int number);

    String doors_cause_str(int number);

    String doors_lookup_str(int number);

    String doors_host_str(int number);

    String doors_event_str(int number);

    int doors_limits_init(CLimits out);

    int doors_options_init(COptions out);

    int doors_state_new(CLimits limits, PointerByReference out);

    int doors_state_limit(Pointer state, int maxPods);

    int doors_state_pods(
            Pointer state, CPod after, CKnownPod[] list, long cap, LongByReference count, LongByReference known);

    int doors_state_verdict(Pointer state, CPod pod, IntByReference verdict);

    int doors_state_idle(Pointer state, CAddr addr, long idle, long started, long now, CIdle out);

    int doors_state_evict(Pointer state, CEviction eviction, long now);

    int doors_state_undo(Pointer state, CEviction eviction, long now);

    int doors_state_evictions(Pointer state, CEviction[] list, long cap, LongByReference count);

    int doors_state_events(Pointer state, long after, CEvent[] list, long cap, LongByReference count);

    void doors_state_free(Pointer state);

    int doors_state_due(
            Pointer state, long now, long random, CLookup[] list, long cap, LongByReference count,
            LongByReference next);

    int doors_state_resolved(
            Pointer state, long host, CAddr[] list, long count, int missing, int failure, long now, long random,
            CHostReport out);

    int doors_state_resolved_late(Pointer state, long host, CAddr[] list, long count, long now, CHostReport out);

    int doors_state_lookup_failed(Pointer state, long host, int failure, long now, long random, CHostReport out);

    int doors_state_host(
            Pointer state, long host, long now, CHostState out, CAddr[] list, long cap, LongByReference count);

    int doors_source_new(Pointer state, byte[] json, long len, COptions options, PointerByReference out, CError err);

    Pointer doors_source_router(Pointer source);

    int doors_source_dialled(Pointer source, int upstream, CPod pod, int outcome, long now, long random, CReport out);

    int doors_source_use(Pointer source, int upstream, long now, CReport out);

    int doors_source_upstream(Pointer source, int upstream, LongByReference host, LongByReference number);

    int doors_source_fresh(
            Pointer source, int upstream, CPod[] list, long cap, LongByReference inside, LongByReference count);

    void doors_source_free(Pointer source);

    int doors_request_begin(
            Pointer source, int method, int hasBody, byte[] path, long pathLen, byte[] cookies, long cookiesLen,
            long now, long random, CRequest request, CStep step);

    int doors_request_next(Pointer source, CRequest request, int outcome, long now, long random, CStep step);

    int doors_request_failed(Pointer source, CRequest request, int outcome, long now, long random, CStep step);

    int doors_request_resume(Pointer source, CRequest request, long now, long random, CStep step);

    int doors_request_choices(
            Pointer source, CRequest request, long now, CPlace[] list, long cap, LongByReference count,
            CReport report);

    int doors_request_chose(Pointer source, CRequest request, int upstream, CPod pod, long now, CStep step);

    int doors_request_chose_none(Pointer source, CRequest request, long now, long random, CStep step);

    int doors_request_give_up(Pointer source, CRequest request, int outcome, long now, long random, CStep step);

    int doors_request_answered(Pointer source, CRequest request, int marks, long now, long random, CStep step);

    int doors_request_ended(Pointer source, CRequest request, long now);

    int doors_request_decision(Pointer source, CRequest request, CDecision out);
}
