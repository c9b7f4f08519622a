/* Eight threads use the same three handles, and each calls every function. The handles are freed by other
 * threads than those that made them. */
#define _POSIX_C_SOURCE 200809L

#include "hostile.h"

#include <pthread.h>
#include <string.h>

/* More tokens than a router caches. */
enum { THREADS = 8, ROUNDS = 300, TOKENS = 1000, TOKENS_A_ROUND = 10 };

typedef struct {
    const doors_cipher *cipher;
    const doors_cidrs *cidrs;
    const doors_router *router;
    char (*tokens)[DOORS_TOKEN_IPV4]; /* TOKENS tokens, for 10.0.0.1 to 10.0.0.255 repeatedly */
    pthread_barrier_t *start;
    uint8_t number;
    unsigned wrong;
} job;

/* CHECK counts without a lock, so each thread has its own count. */
#define EXPECT(condition) (mine->wrong += !(condition))

static void decide(job *mine) {
    const doors_addr address = {{10, 0, 0, mine->number}, 4};
    char path[3 + DOORS_TOKEN_IPV4 + 3] = "/~/", cookies[3 + DOORS_TOKEN_IPV4];
    size_t len = 0;
    doors_addr opened;
    doors_decision decision;
    doors_error error;
    uint32_t number = 0;
    char host[DOORS_HOST_SIZE];
    uint16_t port = 0;
    EXPECT(doors_cipher_encode(mine->cipher, &address, path + 3, DOORS_TOKEN_IPV4 + 1, &len) == DOORS_STATUS_OK);
    EXPECT(doors_cipher_decode(mine->cipher, path + 3, len, &opened, &number) == DOORS_STATUS_OK && number == 0);
    EXPECT(opened.bytes[3] == mine->number);
    memcpy(path + 3 + len, "/s/", 3);
    memcpy(cookies, "up=", 3);
    memcpy(cookies + 3, path + 3, len);
    EXPECT(doors_router_decide(mine->router, path, sizeof path, NULL, 0, &decision) == DOORS_STATUS_OK);
    EXPECT(decision.kind == DOORS_DECISION_POD && decision.addr.bytes[3] == mine->number);
    EXPECT(doors_router_decide(mine->router, "/", 1, cookies, sizeof cookies, &decision) == DOORS_STATUS_OK);
    EXPECT(decision.kind == DOORS_DECISION_UPSTREAM && decision.addr.bytes[3] == mine->number);
    EXPECT(doors_cidrs_lookup(mine->cidrs, &address, &number) == DOORS_STATUS_OK && number == 1);
    EXPECT(doors_router_lookup(mine->router, &address, &number) == DOORS_STATUS_OK && number == 0);
    EXPECT(doors_router_upstreams(mine->router, &number) == DOORS_STATUS_OK && number == 2);
    EXPECT(doors_router_upstream(mine->router, 1, host, &port) == DOORS_STATUS_OK);
    EXPECT(strcmp(host, "green") == 0 && port == 8081);
    EXPECT(doors_router_warning(mine->router, 0, &error) == DOORS_STATUS_OK);
    char ids[2][DOORS_KEY_ID_SIZE];
    EXPECT(doors_cipher_keys(mine->cipher, &number) == DOORS_STATUS_OK && number >= 1);
    EXPECT(doors_router_keys(mine->router, &number) == DOORS_STATUS_OK && number >= 1);
    EXPECT(doors_cipher_key_id(mine->cipher, 0, ids[0]) == DOORS_STATUS_OK);
    EXPECT(doors_router_key_id(mine->router, 0, ids[1]) == DOORS_STATUS_OK);
    EXPECT(memcmp(ids[0], ids[1], sizeof ids[0]) == 0);
    EXPECT(doors_check(DOORS_FIELD_CIDR, "10.0.0.1/8", 10, &error) == DOORS_STATUS_CIDR);
    EXPECT(strcmp(doors_status_str(DOORS_STATUS_OK), "ok") == 0 && doors_abi() == DOORS_ABI);
    EXPECT(strcmp(doors_decision_str(decision.kind), "upstream") == 0 && strcmp(doors_version(), DOORS_VERSION) == 0);
    EXPECT(strcmp(doors_reason_str(decision.reason), "cookie") == 0);
    EXPECT(strcmp(doors_path_str(decision.path), "page") == 0);
}

/* All threads use the same tokens, mostly in the same order: new ones, cached ones, and cached ones that
 * others evict. */
static void rotate(job *mine, unsigned round) {
    char path[3 + DOORS_TOKEN_IPV4 + 3] = "/~/";
    doors_decision decision;
    for (unsigned i = 0; i < TOKENS_A_ROUND; i++) {
        unsigned number = (round * TOKENS_A_ROUND / 2 + i) % TOKENS;
        memcpy(path + 3, mine->tokens[number], DOORS_TOKEN_IPV4);
        memcpy(path + 3 + DOORS_TOKEN_IPV4, "/h/", 3);
        EXPECT(doors_router_decide(mine->router, path, sizeof path, NULL, 0, &decision) == DOORS_STATUS_OK);
        EXPECT(decision.kind == DOORS_DECISION_POD && decision.addr.bytes[3] == 1 + number % 255);
        EXPECT(decision.addr.len == 4 && decision.upstream == 0 && decision.key == 0 && decision.port == 8080);
        path[3 + i] ^= 1;
        EXPECT(doors_router_decide(mine->router, path, sizeof path, NULL, 0, &decision) == DOORS_STATUS_OK);
        EXPECT(decision.kind == DOORS_DECISION_GONE);
    }
}

static void *work(void *argument) {
    job *mine = argument;
    pthread_barrier_wait(mine->start);
    for (unsigned round = 0; round < ROUNDS; round++) {
        decide(mine);
        rotate(mine, round);
    }
    /* Handles are created and freed while the others work. */
    doors_cipher *cipher = cipher_make();
    doors_router *router = router_make();
    doors_cipher_free(cipher);
    doors_router_free(router);
    return NULL;
}

typedef struct {
    doors_cipher *cipher;
    doors_cidrs *cidrs;
    doors_router *router;
} handles;

static void *release(void *argument) {
    handles *all = argument;
    doors_cipher_free(all->cipher);
    doors_cidrs_free(all->cidrs);
    doors_router_free(all->router);
    return NULL;
}

void hostile_threads(void) {
    static char tokens[TOKENS][DOORS_TOKEN_IPV4];
    handles all = {cipher_make(), cidrs_make(), router_make()};
    for (unsigned i = 0; i < TOKENS; i++) token_make(all.cipher, (uint8_t)(1 + i % 255), tokens[i]);
    pthread_barrier_t start;
    pthread_t threads[THREADS], last;
    job jobs[THREADS];
    pthread_barrier_init(&start, NULL, THREADS);
    for (uint8_t i = 0; i < THREADS; i++) {
        jobs[i] = (job){all.cipher, all.cidrs, all.router, tokens, &start, (uint8_t)(i + 1), 0};
        CHECK(pthread_create(&threads[i], NULL, work, &jobs[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(jobs[i].wrong == 0);
    }
    pthread_barrier_destroy(&start);
    CHECK(pthread_create(&last, NULL, release, &all) == 0);
    CHECK(pthread_join(last, NULL) == 0);
}
