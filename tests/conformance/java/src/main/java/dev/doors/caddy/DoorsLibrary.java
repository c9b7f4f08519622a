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
        String name = System.getenv().getOrDefault("DOORS_CADDY_LIBRARY", "libdoors_caddy.so.0.1");
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

    @FieldOrder({"source", "server", "gone_after", "page_wait", "gone_rate", "max_waiting"})
    class CGroup extends Structure {
        public long source;
        public long server;
        public long gone_after;
        public long page_wait;
        public int gone_rate;
        public int max_waiting;
    }

    @FieldOrder({"addr", "port", "reserved"})
    class CPod extends Structure {
        public CAddr addr;
        public short port;
        public short reserved;
    }

    @FieldOrder({"action", "retry_after", "verdict", "flags", "suppressed", "reserved", "until"})
    class CAnswer extends Structure {
        public int action;
        public int retry_after;
        public int verdict;
        public int flags;
        public int suppressed;
        public int reserved;
        public long until;
    }

    @FieldOrder({
        "pod", "source", "server", "first_seen", "last_seen", "unreachable_since", "refused", "in_flight", "streams", "verdict",
        "fresh", "reserved"
    })
    class CPodState extends Structure {
        public CPod pod;
        public long source;
        public long server;
        public long first_seen;
        public long last_seen;
        public long unreachable_since;
        public long refused;
        public int in_flight;
        public int streams;
        public int verdict;
        public int fresh;
        public int[] reserved = new int[4];
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

    int doors_abi();

    String doors_version();

    String doors_status_str(int number);

    String doors_decision_str(int number);

    String doors_reason_str(int number);

    String doors_path_str(int number);

    String doors_action_str(int number);

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

    int doors_pods_new(int maxPods, PointerByReference out);

    int doors_pods_limit(Pointer pods, int maxPods);

    int doors_pods_wait(Pointer pods, CGroup group, long since, int waiting, long now, CAnswer out);

    int doors_pods_began(Pointer pods, CGroup group, CPod pod, int path, long now, CAnswer out);

    int doors_pods_refused_token(Pointer pods, CGroup group, int reason, int path, long now, CAnswer out);

    int doors_pods_ended(Pointer pods, CGroup group, CPod pod, int path, int outcome, long now, CAnswer out);

    int doors_pods_entered(Pointer pods, CGroup group, CPod pod, int stream, long now);

    int doors_pods_left(Pointer pods, CPod pod, int stream, long now);

    int doors_pods_resolved(Pointer pods, long server, CPod[] list, long count);

    int doors_pods_failed_recently(Pointer pods, CPod[] list, long count, long now, byte[] failed);

    int doors_pods_verdict(Pointer pods, CPod pod, IntByReference verdict);

    int doors_pods_list(Pointer pods, CPodState[] list, long cap, LongByReference count);

    int doors_pods_idle(Pointer pods, CAddr addr, long idle, long started, long now, CIdle out);

    void doors_pods_free(Pointer pods);
}
