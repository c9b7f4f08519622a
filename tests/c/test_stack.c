/* Checks the stack usage of calls against the limits in the header: fills a stack with a pattern, and
 * measures how much of it is overwritten. */
#define _POSIX_C_SOURCE 200809L

#include "vectors.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { STACK = 1 << 20, PAINT = 0xa5, OF_A_NEW = 64 << 10, OF_OTHERS = 16 << 10 };

static const char SECRET[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
static const char CONFIG[] = "{\"secret\": \"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\", \"cookie_name\": \"up\", \"upstreams\": "
                             "[{\"cidr\": \"10.0.0.0/24\", \"host\": \"a.example\", \"port\": 80}, "
                             "{\"cidr\": \"10.0.1.0/24\", \"host\": \"b.example\", \"port\": 80}]}";
static const char CIDRS[] = "10.0.0.0/8 2001:db8::/32";
static const doors_addr ADDR = {{10, 0, 0, 7}, 4};

static doors_cipher *cipher;
static doors_cidrs *cidrs;
static doors_router *router;
static doors_state *state;
static doors_source *source;
static char path[128];
static const char cookies[] = "up=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; up=BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static void *nothing(void *unused) { return unused; }

static void *make(void *unused) {
    doors_error error;
    CHECK(doors_cipher_new(SECRET, strlen(SECRET), &cipher, &error) == DOORS_STATUS_OK);
    CHECK(doors_cidrs_new(CIDRS, strlen(CIDRS), &cidrs, &error) == DOORS_STATUS_OK);
    CHECK(doors_router_new(CONFIG, strlen(CONFIG), &router, &error) == DOORS_STATUS_OK);
    CHECK(doors_state_new(NULL, &state) == DOORS_STATUS_OK);
    CHECK(doors_source_new(state, CONFIG, strlen(CONFIG), NULL, &source, &error) == DOORS_STATUS_OK);
    CHECK(doors_check(DOORS_FIELD_SECRET, SECRET, strlen(SECRET), &error) == DOORS_STATUS_OK);
    return unused;
}

static void *call(void *unused) {
    char token[DOORS_TOKEN_SIZE];
    size_t len;
    uint32_t number;
    doors_addr addr;
    doors_decision decision;
    CHECK(doors_cipher_encode(cipher, &ADDR, token, sizeof token, &len) == DOORS_STATUS_OK);
    CHECK(doors_cipher_decode(cipher, token, len, &addr, &number) == DOORS_STATUS_OK);
    CHECK(doors_cidrs_lookup(cidrs, &ADDR, &number) == DOORS_STATUS_OK);
    CHECK(doors_router_lookup(router, &ADDR, &number) == DOORS_STATUS_OK);
    memcpy(path, "/~/", 3);
    memcpy(path + 3, token, len);
    memcpy(path + 3 + len, "/s/1", 4);
    CHECK(doors_router_decide(router, path, 3 + len + 4, "", 0, &decision) == DOORS_STATUS_OK);
    CHECK(decision.kind == DOORS_DECISION_POD);
    CHECK(doors_router_decide(router, "/", 1, cookies, strlen(cookies), &decision) == DOORS_STATUS_OK);
    CHECK(decision.reason == DOORS_REASON_COOKIE_UNUSABLE);
    doors_request request;
    doors_step step;
    doors_host_report changed;
    doors_lookup lookup;
    size_t count;
    int64_t next;
    for (int64_t now = 0; now < 3; now++) {
        CHECK(doors_request_begin(source, DOORS_METHOD_GET, 0, "/", 1, cookies, strlen(cookies), now, 1, &request, &step) ==
              DOORS_STATUS_OK);
        CHECK(doors_state_due(state, now, 1, &lookup, 1, &count, &next) == DOORS_STATUS_OK);
        if (count) CHECK(doors_state_resolved(state, lookup.host, &ADDR, 1, 0, 0, now, 1, &changed) == DOORS_STATUS_OK);
        CHECK(doors_request_resume(source, &request, now, 1, &step) == DOORS_STATUS_OK);
        CHECK(doors_request_failed(source, &request, DOORS_OUTCOME_REFUSED, now, 1, &step) == DOORS_STATUS_OK);
        CHECK(doors_request_answered(source, &request, 0, now, 1, &step) == DOORS_STATUS_OK);
        CHECK(doors_request_ended(source, &request, now) == DOORS_STATUS_OK);
    }
    return unused;
}

/* Returns how much of a thread's stack was written. The stack is in a file, as in test_wiping.c. */
static size_t used(void *(*run)(void *)) {
    static uint8_t copy[STACK];
    pthread_attr_t attributes;
    pthread_t thread;
    size_t clean = 0;
    FILE *file = tmpfile();
    memset(copy, PAINT, STACK);
    if (!CHECK(file && fwrite(copy, 1, STACK, file) == STACK && fflush(file) == 0)) return 0;
    void *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
    if (!CHECK(stack != MAP_FAILED)) return 0;
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstack(&attributes, stack, STACK) == 0);
    CHECK(pthread_create(&thread, &attributes, run, NULL) == 0 && pthread_join(thread, NULL) == 0);
    rewind(file);
    CHECK(fread(copy, 1, STACK, file) == STACK);
    while (clean < STACK && copy[clean] == PAINT) clean++;
    pthread_attr_destroy(&attributes);
    munmap(stack, STACK);
    fclose(file);
    return STACK - clean;
}

void test_stack(void) {
    size_t base = used(nothing), of_a_new = used(make) - base, of_others = used(call) - base;
    printf("stack      %zu bytes for what makes a handle, %zu for other calls\n", of_a_new, of_others);
    /* AddressSanitizer adds padding around each variable. */
#ifndef __SANITIZE_ADDRESS__
    CHECK(of_a_new < OF_A_NEW);
    CHECK(of_others < OF_OTHERS);
#endif
    doors_cipher_free(cipher);
    doors_cidrs_free(cidrs);
    doors_router_free(router);
    doors_source_free(source);
    doors_state_free(state);
}
