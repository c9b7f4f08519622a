/* One handle in many threads, freed by another thread than the one that made it. */
#define _POSIX_C_SOURCE 200809L

#include "vectors.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 8, ROUNDS = 2000 };

static const char SECRET[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

typedef struct {
    const doors_router *router;
    const doors_cipher *cipher;
    uint8_t last;
    unsigned wrong;
} job;

static void *work(void *argument) {
    job *mine = argument;
    const doors_addr address = {{10, 0, 0, mine->last}, 4};
    for (int i = 0; i < ROUNDS; i++) {
        char path[128] = "/~/";
        size_t len = 0;
        doors_decision decision;
        if (doors_cipher_encode(mine->cipher, &address, path + 3, DOORS_TOKEN_SIZE, &len) != DOORS_STATUS_OK) {
            mine->wrong++;
            continue;
        }
        memcpy(path + 3 + len, "/s/1", 4);
        int32_t status = doors_router_decide(mine->router, path, 3 + len + 4, NULL, 0, &decision);
        if (status != DOORS_STATUS_OK || decision.kind != DOORS_DECISION_POD || decision.addr.bytes[3] != mine->last)
            mine->wrong++;
    }
    return NULL;
}

static void *release(void *router) {
    doors_router_free(router);
    return NULL;
}

void test_threads(void) {
    char json[512];
    doors_router *router = NULL;
    doors_cipher *cipher = NULL;
    snprintf(json, sizeof json,
             "{\"secret\": \"%s\", \"upstreams\": [{\"cidr\": \"10.0.0.0/24\", \"host\": \"a\", \"port\": 1}]}", SECRET);
    checking("threads", "one router");
    CHECK(doors_router_new(json, strlen(json), &router, NULL) == DOORS_STATUS_OK);
    CHECK(doors_cipher_new(SECRET, strlen(SECRET), &cipher, NULL) == DOORS_STATUS_OK);
    pthread_t threads[THREADS];
    job jobs[THREADS];
    for (int i = 0; i < THREADS; i++) {
        jobs[i] = (job){.router = router, .cipher = cipher, .last = (uint8_t)(i + 1)};
        CHECK(pthread_create(&threads[i], NULL, work, &jobs[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(jobs[i].wrong == 0);
    }
    pthread_t last;
    CHECK(pthread_create(&last, NULL, release, router) == 0);
    CHECK(pthread_join(last, NULL) == 0);
    doors_cipher_free(cipher);
}
