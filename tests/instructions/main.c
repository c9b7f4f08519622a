/* Runs each operation of the library many times under callgrind. scripts/stages/instructions.sh reads the
 * instruction counts of the functions operation_*() from the result.
 *
 * The first line of output lists the processor features for which code is selected at run time, as callgrind
 * shows them. Then each operation's name and number of calls follow. The exit status is 0 only if all results
 * were right. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <doors_caddy.h>

/* Four times as many as a router caches, so that each has been evicted when its turn comes again. */
enum { TOKENS = 2048, PREFIXES = 10000, PATH = 3 + DOORS_TOKEN_SIZE + 4, COOKIES = 8 * (4 + DOORS_TOKEN_SIZE + 2) };

static const char SECRET[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
static const char OTHER_SECRET[] = "HxwdHh8YGRobFBUWFxAREhMMDQ4PCAkKCwQFBgcAAQI=";

static bool failed;

static void check(bool holds, const char *what) {
    if (holds) return;
    if (!failed) fprintf(stderr, "instructions: wrong: %s\n", what);
    failed = true;
}

typedef struct {
    char text[DOORS_TOKEN_SIZE];
    size_t len;
    doors_addr address;
} token;

typedef struct {
    char text[COOKIES];
    size_t len;
} line;

static doors_cipher *cipher;
static doors_cidrs *cidrs;
static doors_router *one, *three, *many;
static doors_state *state;
static doors_source *source;
static token four[TOKENS], six[TOKENS], forged[TOKENS];
static line four_paths[TOKENS], six_paths[TOKENS], forged_paths[TOKENS], malformed_paths[TOKENS], cookies[TOKENS],
    forged_cookies[TOKENS];

static void need(int32_t status, const char *what) {
    if (status == DOORS_STATUS_OK) return;
    fprintf(stderr, "instructions: %s: %s\n", what, doors_status_str(status));
    exit(2);
}

/* The network for a number: 10.x.y.0/24 or 2001:db8:x:y::/64, spread over the values of the two bytes. */
static void network(unsigned number, uint8_t *high, uint8_t *low) {
    unsigned scattered = number * 40503u & 0xffff;
    *high = (uint8_t)(scattered >> 8);
    *low = (uint8_t)scattered;
}

static token make_token(const doors_cipher *with, unsigned number, uint32_t address_len) {
    token made = {.address = {{10}, address_len}};
    if (address_len == 4) {
        network(number, &made.address.bytes[1], &made.address.bytes[2]);
        made.address.bytes[3] = 7;
    } else {
        memcpy(made.address.bytes, (uint8_t[4]){0x20, 0x01, 0x0d, 0xb8}, 4);
        network(number, &made.address.bytes[4], &made.address.bytes[5]);
        made.address.bytes[15] = 7;
    }
    need(doors_cipher_encode(with, &made.address, made.text, sizeof made.text, &made.len), "token");
    return made;
}

static line make_path(const token *with) {
    line made;
    made.len = (size_t)snprintf(made.text, PATH, "/~/%.*s/s/1", (int)with->len, with->text);
    return made;
}

/* Returns a Cookie header with `count` tokens. */
static line make_cookies(const token *with, unsigned count) {
    line made = {.len = 0};
    for (unsigned i = 0; i < count; i++)
        made.len += (size_t)snprintf(made.text + made.len, sizeof made.text - made.len, "%sup=%.*s", i ? "; " : "",
                                     (int)with[i].len, with[i].text);
    return made;
}

/* Returns a router with the given number of upstreams, each with a network of both IP versions. */
static doors_router *make_router(unsigned upstreams) {
    size_t cap = 256 + (size_t)upstreams * 128, len;
    char *json = malloc(cap);
    doors_router *made;
    if (!json) exit(2);
    len = (size_t)snprintf(json, cap, "{\"secret\":\"%s\",\"cookie_name\":\"up\",\"upstreams\":[", SECRET);
    for (unsigned i = 0; i < upstreams; i++) {
        uint8_t high, low;
        network(i, &high, &low);
        len += (size_t)snprintf(json + len, cap - len,
                                "%s{\"cidrs\":[\"10.%u.%u.0/24\",\"2001:db8:%x::/48\"],\"host\":\"svc.example\",\"port\":80}",
                                i ? "," : "", high, low, high << 8 | low);
    }
    len += (size_t)snprintf(json + len, cap - len, "]}");
    need(doors_router_new(json, len, &made, NULL), "router");
    free(json);
    return made;
}

/* Creates a source whose only upstream has two fresh pods: that of the second token, and another one. */
static void prepare_source(void) {
    char json[256];
    doors_lookup *lookup = malloc(sizeof *lookup);
    doors_addr fresh[2] = {four[1].address, four[2].address};
    doors_host_report resolved;
    doors_report report;
    size_t count;
    int64_t next;
    if (!lookup) exit(2);
    int len = snprintf(json, sizeof json, "{\"secret\":\"%s\",\"upstreams\":[{\"cidr\":\"10.0.0.0/8\",\"host\":\"svc.example\",\"port\":80}]}", SECRET);
    need(doors_state_new(NULL, &state), "state");
    need(doors_source_new(state, json, (size_t)len, NULL, &source, NULL), "source");
    need(doors_source_use(source, 0, 0, &report), "use");
    need(doors_state_due(state, 0, 1, lookup, 1, &count, &next), "due");
    need(doors_state_resolved(state, lookup->host, fresh, 2, 0, 0, 0, 1, &resolved), "resolved");
    free(lookup);
}

static void prepare(void) {
    doors_cipher *other;
    char *list = malloc(PREFIXES * 40);
    size_t len = 0;
    if (!list) exit(2);
    need(doors_cipher_new(SECRET, strlen(SECRET), &cipher, NULL), "cipher");
    need(doors_cipher_new(OTHER_SECRET, strlen(OTHER_SECRET), &other, NULL), "cipher");
    one = make_router(1);
    three = make_router(3);
    many = make_router(PREFIXES);
    for (unsigned i = 0; i < PREFIXES; i++) {
        uint8_t high, low;
        network(i, &high, &low);
        len += (size_t)sprintf(list + len, "10.%u.%u.0/24 2001:db8:%x::/48 ", high, low, high << 8 | low);
    }
    need(doors_cidrs_new(list, len, &cidrs, NULL), "cidrs");
    free(list);
    for (unsigned i = 0; i < TOKENS; i++) {
        four[i] = make_token(cipher, i, 4);
        six[i] = make_token(cipher, i, 16);
        forged[i] = make_token(other, i, 4);
    }
    for (unsigned i = 0; i < TOKENS; i++) {
        four_paths[i] = make_path(&four[i]);
        six_paths[i] = make_path(&six[i]);
        forged_paths[i] = make_path(&forged[i]);
        malformed_paths[i] = four_paths[i];
        malformed_paths[i].text[3 + DOORS_TOKEN_IPV4 - 1] = '+';
        cookies[i] = make_cookies(&four[i], 1);
        forged_cookies[i] = make_cookies(&forged[i & ~7u], 8);
    }
    doors_cipher_free(other);
    prepare_source();
}

static void decide(const doors_router *router, const line *path, const line *cookie, uint32_t kind, uint32_t reason) {
    doors_decision decision;
    int32_t status = doors_router_decide(router, path->text, path->len, cookie->text, cookie->len, &decision);
    check(status == DOORS_STATUS_OK && decision.kind == kind && decision.reason == reason, "a decision");
}

static const line NO_COOKIE = {"theme=dark", 10}, PAGE = {"/", 1};

/* An operation is a separate function, so that callgrind counts it separately. */
#define OPERATION(name) __attribute__((noinline)) static void operation_##name(unsigned i)

OPERATION(encode) {
    char text[DOORS_TOKEN_SIZE];
    size_t len;
    check(doors_cipher_encode(cipher, &four[i].address, text, sizeof text, &len) == DOORS_STATUS_OK, "encode");
}
OPERATION(decode_ipv4) {
    doors_addr opened;
    uint32_t key;
    check(doors_cipher_decode(cipher, four[i].text, four[i].len, &opened, &key) == DOORS_STATUS_OK, "decode");
}
OPERATION(decode_ipv6) {
    doors_addr opened;
    uint32_t key;
    check(doors_cipher_decode(cipher, six[i].text, six[i].len, &opened, &key) == DOORS_STATUS_OK, "decode");
}
OPERATION(decode_forged) {
    doors_addr opened;
    uint32_t key;
    check(doors_cipher_decode(cipher, forged[i].text, forged[i].len, &opened, &key) == DOORS_STATUS_TOKEN_REFUSED, "forged");
}
OPERATION(lookup_ipv4) {
    uint32_t index;
    check(doors_cidrs_lookup(cidrs, &four[i].address, &index) == DOORS_STATUS_OK && index == 2 * i, "lookup");
}
OPERATION(lookup_ipv6) {
    uint32_t index;
    check(doors_cidrs_lookup(cidrs, &six[i].address, &index) == DOORS_STATUS_OK && index == 2 * i + 1, "lookup");
}
OPERATION(pod_seen) {
    (void)i;
    decide(three, &four_paths[1], &NO_COOKIE, DOORS_DECISION_POD, DOORS_REASON_NONE);
}
OPERATION(pod_seen_ipv6) {
    (void)i;
    decide(three, &six_paths[1], &NO_COOKIE, DOORS_DECISION_POD, DOORS_REASON_NONE);
}
OPERATION(pod_new) { decide(many, &four_paths[i], &NO_COOKIE, DOORS_DECISION_POD, DOORS_REASON_NONE); }
OPERATION(pod_new_ipv6) { decide(many, &six_paths[i], &NO_COOKIE, DOORS_DECISION_POD, DOORS_REASON_NONE); }
OPERATION(gone_forged) { decide(three, &forged_paths[i], &NO_COOKIE, DOORS_DECISION_GONE, DOORS_REASON_REFUSED); }
OPERATION(gone_malformed) { decide(three, &malformed_paths[i], &NO_COOKIE, DOORS_DECISION_GONE, DOORS_REASON_MALFORMED); }
OPERATION(gone_no_cidr) { decide(one, &four_paths[i | 1], &NO_COOKIE, DOORS_DECISION_GONE, DOORS_REASON_NO_CIDR); }
OPERATION(upstream_cookie_seen) {
    (void)i;
    decide(three, &PAGE, &cookies[1], DOORS_DECISION_UPSTREAM, DOORS_REASON_COOKIE);
}
OPERATION(cookies_unusable) {
    decide(three, &PAGE, &forged_cookies[i], DOORS_DECISION_ANY, DOORS_REASON_COOKIE_UNUSABLE);
}
OPERATION(only_upstream) {
    (void)i;
    decide(one, &PAGE, &NO_COOKIE, DOORS_DECISION_UPSTREAM, DOORS_REASON_ONLY_UPSTREAM);
}
OPERATION(any_no_cookie) {
    (void)i;
    decide(three, &PAGE, &NO_COOKIE, DOORS_DECISION_ANY, DOORS_REASON_NO_COOKIE);
}

/* The three calls that a request usually makes. */
static void request(const line *path, unsigned i) {
    doors_request made;
    doors_step step;
    int64_t now = 1000 * (int64_t)i;
    int32_t status = doors_request_begin(source, DOORS_METHOD_GET, 0, path->text, path->len, NULL, 0, now, i, &made, &step);
    check(status == DOORS_STATUS_OK && step.kind == DOORS_STEP_DIAL, "a request");
    status = doors_request_answered(source, &made, 0, now, i, &step);
    check(status == DOORS_STATUS_OK && step.kind == DOORS_STEP_DONE, "an answer");
    check(doors_request_ended(source, &made, now) == DOORS_STATUS_OK, "an end");
}
OPERATION(request_own_pod) { request(&four_paths[1], i); }
OPERATION(request_page) { request(&PAGE, i); }

static void print_processor(void) {
#if defined(__x86_64__)
#define FEATURE(name) __builtin_cpu_supports(name) ? " " name : ""
    __builtin_cpu_init();
    printf("x86_64%s%s%s%s%s%s%s\n", FEATURE("aes"), FEATURE("pclmul"), FEATURE("sse4.1"), FEATURE("avx"), FEATURE("avx2"),
           FEATURE("bmi2"), FEATURE("avx512f"));
#elif defined(__aarch64__)
    puts("aarch64");
#else
    puts("unknown");
#endif
}

int main(void) {
    static const struct {
        const char *name;
        void (*run)(unsigned);
    } operations[] = {
#define NAMED(name) {#name, operation_##name}
        NAMED(encode),         NAMED(decode_ipv4),        NAMED(decode_ipv6),      NAMED(decode_forged),
        NAMED(lookup_ipv4),    NAMED(lookup_ipv6),        NAMED(pod_seen),         NAMED(pod_seen_ipv6),
        NAMED(pod_new),        NAMED(pod_new_ipv6),       NAMED(gone_forged),      NAMED(gone_malformed),
        NAMED(gone_no_cidr),   NAMED(upstream_cookie_seen), NAMED(cookies_unusable), NAMED(only_upstream),
        NAMED(any_no_cookie),  NAMED(request_own_pod),    NAMED(request_page),
    };
    print_processor();
    prepare();
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        for (unsigned j = 0; j < TOKENS; j++) operations[i].run(j);
        printf("%s %d\n", operations[i].name, TOKENS);
    }
    doors_source_free(source);
    doors_state_free(state);
    doors_router_free(many);
    doors_router_free(three);
    doors_router_free(one);
    doors_cidrs_free(cidrs);
    doors_cipher_free(cipher);
    return failed;
}
