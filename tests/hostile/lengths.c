/* Wrong lengths, and output buffers of every size from none to enough, each in a block of exactly its size. */
#include "hostile.h"

#include <stdlib.h>
#include <string.h>

static void lengths_addresses(void) {
    doors_cipher *cipher = cipher_make();
    doors_cidrs *cidrs = cidrs_make();
    doors_router *router = router_make();
    char token[DOORS_TOKEN_SIZE];
    static const uint32_t LENGTHS[] = {0, 1, 3, 4, 5, 15, 16, 17, 40, INT32_MAX, UINT32_MAX};
    for (size_t i = 0; i < sizeof LENGTHS / sizeof *LENGTHS; i++) {
        const uint32_t len = LENGTHS[i];
        doors_addr *address = (doors_addr *)filled(10, sizeof(doors_addr));
        address->len = len;
        bool right = len == 4 || len == 16;
        size_t token_len;
        uint32_t number;
        untouched_set(&token_len, sizeof token_len);
        untouched_set(&number, sizeof number);
        int32_t status = doors_cipher_encode(cipher, address, token, sizeof token, &token_len);
        CHECK(status == (right ? DOORS_STATUS_OK : DOORS_STATUS_ADDRESS));
        CHECK(right ? token_len == (len == 4 ? DOORS_TOKEN_IPV4 : DOORS_TOKEN_IPV6)
                    : untouched(&token_len, sizeof token_len));
        status = doors_cidrs_lookup(cidrs, address, &number);
        CHECK(status == (len == 4 ? DOORS_STATUS_OK : right ? DOORS_STATUS_NO_MATCH : DOORS_STATUS_ADDRESS));
        CHECK(len == 4 || untouched(&number, sizeof number));
        status = doors_router_lookup(router, address, &number);
        CHECK(status == (right ? DOORS_STATUS_NO_MATCH : DOORS_STATUS_ADDRESS));
        free(address);
    }
    doors_cipher_free(cipher);
    doors_cidrs_free(cidrs);
    doors_router_free(router);
}

static void lengths_buffers(void) {
    static const doors_addr ADDRESSES[] = {{{10, 0, 0, 7}, 4}, {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}, 16}};
    doors_cipher *cipher = cipher_make();
    for (size_t i = 0; i < 2; i++) {
        size_t length = i == 0 ? DOORS_TOKEN_IPV4 : DOORS_TOKEN_IPV6;
        for (size_t cap = 0; cap <= DOORS_TOKEN_SIZE + 1; cap++) {
            char *token = filled((char)0xa5, cap);
            size_t len;
            untouched_set(&len, sizeof len);
            int32_t status = doors_cipher_encode(cipher, &ADDRESSES[i], token, cap, &len);
            CHECK(status == (cap <= length ? DOORS_STATUS_BUFFER : DOORS_STATUS_OK));
            if (cap <= length) {
                CHECK(untouched(token, cap) && untouched(&len, sizeof len));
            } else {
                CHECK(len == length && strlen(token) == length && untouched(token + length + 1, cap - length - 1));
            }
            free(token);
        }
    }
    doors_cipher_free(cipher);
}

/* Every prefix and suffix of a token, each in a block of its own. */
static void lengths_tokens(void) {
    doors_cipher *cipher = cipher_make();
    char token[DOORS_TOKEN_IPV4 + DOORS_TOKEN_SIZE];
    doors_addr address;
    uint32_t key;
    token_make(cipher, 7, token);
    token_make(cipher, 8, token + DOORS_TOKEN_IPV4);
    for (size_t len = 0; len <= 2 * DOORS_TOKEN_IPV4; len++) {
        char *part = exact(token, len);
        int32_t status = doors_cipher_decode(cipher, part, len, &address, &key);
        CHECK(status == (len == DOORS_TOKEN_IPV4 ? DOORS_STATUS_OK : DOORS_STATUS_TOKEN_REFUSED) ||
              (len == DOORS_TOKEN_IPV6 && status == DOORS_STATUS_TOKEN_FORMAT));
        free(part);
    }
    /* A length that no object can have is rejected. */
    CHECK(doors_cipher_decode(cipher, token, SIZE_MAX, &address, &key) != DOORS_STATUS_OK);
    CHECK(doors_cipher_decode(cipher, token, (size_t)PTRDIFF_MAX + 1, &address, &key) != DOORS_STATUS_OK);
    doors_cipher_free(cipher);
}

static void lengths_indices(void) {
    static const uint32_t WRONG[] = {2, 3, 255, 65536, INT32_MAX, UINT32_MAX - 1, UINT32_MAX};
    doors_router *router = router_make();
    char host[DOORS_HOST_SIZE];
    uint16_t port;
    doors_error error;
    CHECK(doors_router_warning(router, 0, &error) == DOORS_STATUS_OK && memchr(error.message, 0, sizeof error.message));
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        untouched_set(host, sizeof host);
        untouched_set(&error, sizeof error);
        CHECK(doors_router_upstream(router, WRONG[i], host, &port) == DOORS_STATUS_NO_MATCH);
        CHECK(doors_router_warning(router, WRONG[i], &error) == DOORS_STATUS_NO_MATCH);
        CHECK(untouched(host, sizeof host) && untouched(&error, sizeof error));
        CHECK(strcmp(doors_status_str((int32_t)(WRONG[i] | 0x40000000)), "unknown") == 0);
        CHECK(strcmp(doors_reason_str(WRONG[i] | 0x40000000), "unknown") == 0);
        CHECK(doors_check(WRONG[i] | 0x40000000, "x", 1, &error) == DOORS_STATUS_RANGE);
    }
    CHECK(strcmp(doors_status_str(INT32_MIN), "unknown") == 0);
    static const char *(*const NAMES[])(uint32_t) = {doors_decision_str, doors_reason_str,  doors_path_str,
                                                     doors_outcome_str,  doors_verdict_str, doors_idle_str};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        CHECK(strcmp(NAMES[i](100), "unknown") == 0 && strcmp(NAMES[i](INT32_MAX), "unknown") == 0);
        CHECK(strcmp(NAMES[i](UINT32_MAX), "unknown") == 0 && strcmp(NAMES[i](1), "unknown") != 0);
    }
    doors_router_free(router);
}

void hostile_lengths(void) {
    lengths_addresses();
    lengths_buffers();
    lengths_tokens();
    lengths_indices();
}
