/* Megabytes of text, invalid UTF-8 and embedded NULs, wherever the API takes text. */
#include "hostile.h"

#include <stdlib.h>
#include <string.h>

enum { MEGABYTES = 2 << 20 };

static const char BYTES[] = {'\0', '\xff', '\xc3', '\x80', '\xed', '/', '~', '%', '"', '\\', ';', '=', ' ', '\n', 'A', '.', ':', '0'};

/* Passes one text to all functions that take text. Any result is fine if it is always the same, but a panic
 * is not. */
static void everywhere(const doors_cipher *cipher, const doors_router *router, const char *text, size_t len) {
    doors_addr address;
    uint32_t key;
    doors_decision one, two, three;
    doors_cipher *new_cipher = NULL;
    doors_cidrs *new_cidrs = NULL;
    doors_router *new_router = NULL;
    doors_error error;
    CHECK(doors_cipher_decode(cipher, text, len, &address, &key) >= DOORS_STATUS_TOKEN_FORMAT);
    CHECK(doors_router_decide(router, text, len, NULL, 0, &one) == DOORS_STATUS_OK);
    CHECK(doors_router_decide(router, text, len, text, len, &two) == DOORS_STATUS_OK);
    CHECK(doors_router_decide(router, text, len, text, len, &three) == DOORS_STATUS_OK);
    CHECK(memcmp(&two, &three, sizeof two) == 0);
    CHECK(one.kind >= DOORS_DECISION_GONE && one.kind <= DOORS_DECISION_ANY);
    CHECK(doors_cipher_new(text, len, &new_cipher, &error) == DOORS_STATUS_SECRET);
    CHECK(memchr(error.message, 0, sizeof error.message) != NULL);
    CHECK(doors_cidrs_new(text, len, &new_cidrs, &error) == DOORS_STATUS_CIDR);
    CHECK(memchr(error.message, 0, sizeof error.message) != NULL);
    CHECK(doors_router_new(text, len, &new_router, &error) == DOORS_STATUS_CONFIG);
    CHECK(memchr(error.message, 0, sizeof error.message) != NULL);
    for (uint32_t field = DOORS_FIELD_SECRET; field <= DOORS_FIELD_PORT; field++)
        CHECK(doors_check(field, text, len, &error) != DOORS_STATUS_PANIC);
    CHECK(!new_cipher && !new_cidrs && !new_router);
}

/* A path or a Cookie header of megabytes around valid tokens. */
static void texts_around_tokens(const doors_cipher *cipher, const doors_router *router) {
    doors_decision decision;
    size_t len = MEGABYTES;
    char *path = filled('x', len);
    memcpy(path, "/~/", 3);
    token_make(cipher, 7, path + 3);
    memcpy(path + 3 + DOORS_TOKEN_IPV4, "/s/", 3);
    CHECK(doors_router_decide(router, path, len, NULL, 0, &decision) == DOORS_STATUS_OK);
    CHECK(decision.kind == DOORS_DECISION_POD && decision.path == DOORS_PATH_SYNC && decision.port == 8080);
    path[3 + DOORS_TOKEN_IPV4] = 'x';
    CHECK(doors_router_decide(router, path, len, NULL, 0, &decision) == DOORS_STATUS_OK);
    CHECK(decision.kind == DOORS_DECISION_GONE && decision.reason == DOORS_REASON_REFUSED);
    path[len - 1] = '\0';
    CHECK(doors_router_decide(router, path, len, NULL, 0, &decision) == DOORS_STATUS_OK);
    CHECK(decision.kind == DOORS_DECISION_GONE);

    /* Half a million invalid cookies, and a valid one at the very end. */
    char *cookies = filled(';', len), *last = cookies + len - DOORS_TOKEN_IPV4 - 3;
    for (size_t i = 0; i + 10 < len - DOORS_TOKEN_IPV4 - 4; i += 10) memcpy(cookies + i, "up=short;\xff", 10);
    memcpy(last, "up=", 3);
    token_make(cipher, 9, last + 3);
    last[-1] = ';';
    CHECK(doors_router_decide(router, "/", 1, cookies, len, &decision) == DOORS_STATUS_OK);
    CHECK(decision.kind == DOORS_DECISION_UPSTREAM && decision.reason == DOORS_REASON_COOKIE);
    CHECK(decision.addr.len == 4 && decision.addr.bytes[3] == 9);
    /* The same memory for the path and the cookies. */
    CHECK(doors_router_decide(router, cookies, len, cookies, len, &decision) == DOORS_STATUS_OK);
    free(cookies);
    free(path);
}

/* Errors about long texts are truncated, end with NUL, and repeat nothing long. */
static void texts_messages(void) {
    doors_error error;
    char *host = filled('h', MEGABYTES);
    CHECK(doors_check(DOORS_FIELD_HOST, host, MEGABYTES, &error) == DOORS_STATUS_CONFIG);
    const char *end = memchr(error.message, 0, sizeof error.message);
    CHECK(end && end > error.message && strstr(error.message, "hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh") == NULL);
    memset(host, ' ', MEGABYTES);
    memcpy(host + MEGABYTES - strlen(SECRET), SECRET, strlen(SECRET));
    doors_cipher *cipher = NULL;
    CHECK(doors_cipher_new(host, MEGABYTES, &cipher, &error) == DOORS_STATUS_OK);
    doors_cipher_free(cipher);
    free(host);
}

void hostile_texts(void) {
    doors_cipher *cipher = cipher_make();
    doors_router *router = router_make();
    for (size_t i = 0; i < sizeof BYTES; i++) {
        /* Sizes around those that the library treats differently. */
        static const size_t SIZES[] = {1, 2, 3, 42, 43, 44, 58, 59, 60, 511, 512, 513, MEGABYTES};
        for (size_t j = 0; j < sizeof SIZES / sizeof *SIZES; j++) {
            char *text = filled(BYTES[i], SIZES[j]);
            if (SIZES[j] != MEGABYTES) everywhere(cipher, router, text, SIZES[j]);
            if (SIZES[j] > 4) {
                memcpy(text, "/~/", 3);
                everywhere(cipher, router, text, SIZES[j]);
            }
            free(text);
        }
    }
    texts_around_tokens(cipher, router);
    texts_messages();
    doors_cipher_free(cipher);
    doors_router_free(router);
}
