/* NULL for each pointer of every function, one at a time. Each call must return DOORS_STATUS_NULL_POINTER
 * without writing an output. A doors_error may be NULL, and so may an input of length 0. */
#include "hostile.h"

#include <stdlib.h>
#include <string.h>

static const doors_addr ADDRESS = {{10, 0, 0, 7}, 4};

#define REFUSED(call) CHECK((call) == DOORS_STATUS_NULL_POINTER)

static void nulls_new(void) {
    doors_cipher *cipher;
    doors_cidrs *cidrs;
    doors_router *router;
    doors_error error;
    untouched_set(&cipher, sizeof cipher);
    untouched_set(&cidrs, sizeof cidrs);
    untouched_set(&router, sizeof router);
    REFUSED(doors_cipher_new(NULL, 44, &cipher, &error));
    CHECK(error.status == DOORS_STATUS_NULL_POINTER && error.index == DOORS_NONE && error.message[0]);
    REFUSED(doors_cipher_new(NULL, 44, &cipher, NULL));
    REFUSED(doors_cipher_new(SECRET, strlen(SECRET), NULL, &error));
    REFUSED(doors_cipher_new(NULL, 44, NULL, NULL));
    REFUSED(doors_cidrs_new(NULL, 10, &cidrs, &error));
    REFUSED(doors_cidrs_new("10.0.0.0/8", 10, NULL, NULL));
    REFUSED(doors_router_new(NULL, 10, &router, &error));
    REFUSED(doors_router_new(CONFIG, strlen(CONFIG), NULL, NULL));
    REFUSED(doors_check(DOORS_FIELD_HOST, NULL, 1, &error));
    REFUSED(doors_check(DOORS_FIELD_HOST, NULL, 1, NULL));
    CHECK(doors_cipher_new(NULL, 0, &cipher, &error) == DOORS_STATUS_SECRET);
    CHECK(doors_cidrs_new(NULL, 0, &cidrs, NULL) == DOORS_STATUS_CIDR);
    CHECK(doors_router_new(NULL, 0, &router, &error) == DOORS_STATUS_CONFIG);
    CHECK(untouched(&cipher, sizeof cipher) && untouched(&cidrs, sizeof cidrs) && untouched(&router, sizeof router));
}

static void nulls_cipher(void) {
    doors_cipher *cipher = cipher_make();
    doors_addr address;
    char token[DOORS_TOKEN_SIZE];
    size_t len;
    uint32_t key;
    untouched_set(&key, sizeof key);
    untouched_set(&address, sizeof address);
    untouched_set(token, sizeof token);
    untouched_set(&len, sizeof len);
    REFUSED(doors_cipher_encode(NULL, &ADDRESS, token, sizeof token, &len));
    REFUSED(doors_cipher_encode(cipher, NULL, token, sizeof token, &len));
    REFUSED(doors_cipher_encode(cipher, &ADDRESS, NULL, sizeof token, &len));
    REFUSED(doors_cipher_encode(cipher, &ADDRESS, token, sizeof token, NULL));
    REFUSED(doors_cipher_encode(cipher, &ADDRESS, NULL, 0, &len));
    REFUSED(doors_cipher_decode(NULL, token, sizeof token, &address, &key));
    REFUSED(doors_cipher_decode(cipher, NULL, sizeof token, &address, &key));
    REFUSED(doors_cipher_decode(cipher, token, sizeof token, NULL, &key));
    REFUSED(doors_cipher_decode(cipher, token, sizeof token, &address, NULL));
    uint32_t count;
    untouched_set(&count, sizeof count);
    REFUSED(doors_cipher_keys(NULL, &count));
    REFUSED(doors_cipher_keys(cipher, NULL));
    REFUSED(doors_cipher_key_id(NULL, 0, token));
    REFUSED(doors_cipher_key_id(cipher, 0, NULL));
    CHECK(doors_cipher_key_id(cipher, UINT32_MAX, token) == DOORS_STATUS_NO_MATCH);
    CHECK(untouched(&count, sizeof count));
    CHECK(doors_cipher_decode(cipher, NULL, 0, &address, &key) == DOORS_STATUS_TOKEN_REFUSED);
    CHECK(untouched(&key, sizeof key) && untouched(&address, sizeof address) && untouched(token, sizeof token) && untouched(&len, sizeof len));
    doors_cipher_free(cipher);
    doors_cipher_free(NULL);
}

static void nulls_cidrs(void) {
    doors_cidrs *cidrs = cidrs_make();
    uint32_t index;
    untouched_set(&index, sizeof index);
    REFUSED(doors_cidrs_lookup(NULL, &ADDRESS, &index));
    REFUSED(doors_cidrs_lookup(cidrs, NULL, &index));
    REFUSED(doors_cidrs_lookup(cidrs, &ADDRESS, NULL));
    CHECK(untouched(&index, sizeof index));
    doors_cidrs_free(cidrs);
    doors_cidrs_free(NULL);
}

static void nulls_router(void) {
    doors_router *router = router_make();
    doors_decision decision;
    doors_error error;
    uint32_t number;
    char host[DOORS_HOST_SIZE];
    uint16_t port;
    untouched_set(&decision, sizeof decision);
    untouched_set(&error, sizeof error);
    untouched_set(&number, sizeof number);
    untouched_set(host, sizeof host);
    untouched_set(&port, sizeof port);
    REFUSED(doors_router_decide(NULL, "/", 1, "a=b", 3, &decision));
    REFUSED(doors_router_decide(router, NULL, 1, "a=b", 3, &decision));
    REFUSED(doors_router_decide(router, "/", 1, NULL, 3, &decision));
    REFUSED(doors_router_decide(router, "/", 1, "a=b", 3, NULL));
    REFUSED(doors_router_lookup(NULL, &ADDRESS, &number));
    REFUSED(doors_router_lookup(router, NULL, &number));
    REFUSED(doors_router_lookup(router, &ADDRESS, NULL));
    REFUSED(doors_router_upstreams(NULL, &number));
    REFUSED(doors_router_upstreams(router, NULL));
    REFUSED(doors_router_upstream(NULL, 0, host, &port));
    REFUSED(doors_router_upstream(router, 0, NULL, &port));
    REFUSED(doors_router_upstream(router, 0, host, NULL));
    char id[DOORS_KEY_ID_SIZE];
    untouched_set(id, sizeof id);
    REFUSED(doors_router_keys(NULL, &number));
    REFUSED(doors_router_keys(router, NULL));
    REFUSED(doors_router_key_id(NULL, 0, id));
    REFUSED(doors_router_key_id(router, 0, NULL));
    CHECK(doors_router_key_id(router, UINT32_MAX, id) == DOORS_STATUS_NO_MATCH && untouched(id, sizeof id));
    REFUSED(doors_router_warning(NULL, 0, &error));
    REFUSED(doors_router_warning(router, 0, NULL));
    CHECK(untouched(&decision, sizeof decision) && untouched(&error, sizeof error) && untouched(&number, sizeof number));
    CHECK(untouched(host, sizeof host) && untouched(&port, sizeof port));
    CHECK(doors_router_decide(router, NULL, 0, NULL, 0, &decision) == DOORS_STATUS_OK);
    doors_router_free(router);
    doors_router_free(NULL);
}

void hostile_nulls(void) {
    nulls_new();
    nulls_cipher();
    nulls_cidrs();
    nulls_router();
}
