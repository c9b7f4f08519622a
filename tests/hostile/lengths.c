/* Wrong lengths, and output buffers of every size from none to enough, each in a block of exactly its size. */
#include "hostile.h"

#include <stdlib.h>
#include <string.h>

static void lengths_addresses(void) {
    doors_cipher *cipher = cipher_make();
    doors_cidrs *cidrs = cidrs_make();
    doors_router *router = router_make();
    char token[DOORS_TOKEN_MAX];
    for (size_t len = 0; len <= 40; len++) {
        uint8_t *address = (uint8_t *)filled(10, len);
        bool right = len == 4 || len == 16;
        size_t token_len;
        uint32_t number;
        untouched_set(&token_len, sizeof token_len);
        untouched_set(&number, sizeof number);
        int32_t status = doors_cipher_encode(cipher, address, len, token, sizeof token, &token_len);
        CHECK(status == (right ? DOORS_STATUS_OK : DOORS_STATUS_ADDRESS));
        CHECK(right ? token_len == (len == 4 ? DOORS_TOKEN_IPV4 : DOORS_TOKEN_IPV6)
                    : untouched(&token_len, sizeof token_len));
        status = doors_cidrs_lookup(cidrs, address, len, &number);
        CHECK(status == (len == 4 ? DOORS_STATUS_OK : right ? DOORS_STATUS_NO_MATCH : DOORS_STATUS_ADDRESS));
        CHECK(len == 4 || untouched(&number, sizeof number));
        status = doors_router_lookup(router, address, len, &number);
        CHECK(status == (right ? DOORS_STATUS_NO_MATCH : DOORS_STATUS_ADDRESS));
        free(address);
    }
    /* No memory has that many bytes: refused before any is read. */
    const uint8_t one = 10;
    size_t token_len;
    uint32_t number;
    CHECK(doors_cipher_encode(cipher, &one, SIZE_MAX, token, sizeof token, &token_len) == DOORS_STATUS_ADDRESS);
    CHECK(doors_cidrs_lookup(cidrs, &one, SIZE_MAX, &number) == DOORS_STATUS_ADDRESS);
    doors_cipher_free(cipher);
    doors_cidrs_free(cidrs);
    doors_router_free(router);
}

static void lengths_buffers(void) {
    static const uint8_t ADDRESS[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
    doors_cipher *cipher = cipher_make();
    for (size_t address_len = 4; address_len <= 16; address_len += 12) {
        size_t needed = address_len == 4 ? DOORS_TOKEN_IPV4 : DOORS_TOKEN_IPV6;
        for (size_t cap = 0; cap <= DOORS_TOKEN_MAX + 1; cap++) {
            char *token = filled((char)0xa5, cap);
            size_t len;
            untouched_set(&len, sizeof len);
            int32_t status = doors_cipher_encode(cipher, ADDRESS, address_len, token, cap, &len);
            CHECK(status == (cap < needed ? DOORS_STATUS_BUFFER : DOORS_STATUS_OK));
            if (cap < needed) {
                CHECK(untouched(token, cap) && untouched(&len, sizeof len));
            } else {
                CHECK(len == needed && untouched(token + needed, cap - needed));
            }
            free(token);
        }
    }
    doors_cipher_free(cipher);
}

/* Every start of a token, and every end; each in a block of its own. */
static void lengths_tokens(void) {
    doors_cipher *cipher = cipher_make();
    char token[DOORS_TOKEN_IPV4 + DOORS_TOKEN_IPV6];
    doors_addr address;
    token_make(cipher, 7, token);
    token_make(cipher, 8, token + DOORS_TOKEN_IPV4);
    for (size_t len = 0; len <= 2 * DOORS_TOKEN_IPV4; len++) {
        char *part = exact(token, len);
        int32_t status = doors_cipher_decode(cipher, part, len, &address);
        CHECK(status == (len == DOORS_TOKEN_IPV4 ? DOORS_STATUS_OK : DOORS_STATUS_TOKEN_REFUSED) ||
              (len == DOORS_TOKEN_IPV6 && status == DOORS_STATUS_TOKEN_FORMAT));
        free(part);
    }
    /* A length that no object can have is refused, not believed. */
    CHECK(doors_cipher_decode(cipher, token, SIZE_MAX, &address) != DOORS_STATUS_OK);
    CHECK(doors_cipher_decode(cipher, token, (size_t)PTRDIFF_MAX + 1, &address) != DOORS_STATUS_OK);
    doors_cipher_free(cipher);
}

static void lengths_indices(void) {
    static const uint32_t WRONG[] = {2, 3, 255, 65536, INT32_MAX, UINT32_MAX - 1, UINT32_MAX};
    doors_router *router = router_make();
    const char *host;
    size_t len;
    uint16_t port;
    doors_error error;
    CHECK(doors_router_warning(router, 0, &error) == DOORS_STATUS_OK && memchr(error.message, 0, sizeof error.message));
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        untouched_set(&host, sizeof host);
        untouched_set(&error, sizeof error);
        CHECK(doors_router_upstream(router, WRONG[i], &host, &len, &port) == DOORS_STATUS_NO_MATCH);
        CHECK(doors_router_warning(router, WRONG[i], &error) == DOORS_STATUS_NO_MATCH);
        CHECK(untouched(&host, sizeof host) && untouched(&error, sizeof error));
        CHECK(strcmp(doors_status_str((int32_t)(WRONG[i] | 0x40000000)), "unknown") == 0);
        CHECK(strcmp(doors_reason_str(WRONG[i] | 0x40000000), "unknown") == 0);
        CHECK(doors_check(WRONG[i] | 0x40000000, "x", 1, &error) == DOORS_STATUS_NO_MATCH);
    }
    CHECK(strcmp(doors_status_str(INT32_MIN), "unknown") == 0);
    static const char *(*const NAMES[])(uint32_t) = {doors_decision_str, doors_reason_str,  doors_path_str, doors_action_str,
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
