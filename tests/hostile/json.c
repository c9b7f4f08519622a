/* Harmful configurations: too large, too deep, with repeated members, with numbers out of range, with bytes
 * that are not text, and truncated ones. */
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT ((size_t)64 << 20)

/* Returns the status of a configuration, after the checks that apply to every error. */
static int32_t status_of(const char *json, size_t len, doors_error *error) {
    doors_router *router;
    untouched_set(&router, sizeof router);
    untouched_set(error, sizeof *error);
    int32_t status = doors_router_new(json, len, &router, error);
    if (status == DOORS_STATUS_OK) {
        CHECK(untouched(error, sizeof *error));
        doors_router_free(router);
        return status;
    }
    CHECK(untouched(&router, sizeof router));
    CHECK(error->status == status && error->message[0] && memchr(error->message, 0, sizeof error->message));
    CHECK(strstr(error->message, "AAECAwQFBgcICQoL") == NULL);
    return status;
}

static int32_t status_of_text(const char *json) {
    doors_error error;
    char *text = exact(json, strlen(json));
    int32_t status = status_of(text, strlen(json), &error);
    free(text);
    return status;
}

static void json_too_large(void) {
    doors_error error;
    doors_cipher *cipher = NULL;
    doors_cidrs *cidrs = NULL;
    char *memory = filled('\0', LIMIT + 1);
    CHECK(status_of(memory, LIMIT + 1, &error) == DOORS_STATUS_TOO_LARGE);
    CHECK(status_of(memory, LIMIT, &error) == DOORS_STATUS_CONFIG);
    CHECK(doors_cipher_new(memory, LIMIT + 1, &cipher, &error) == DOORS_STATUS_TOO_LARGE);
    CHECK(doors_cidrs_new(memory, LIMIT + 1, &cidrs, &error) == DOORS_STATUS_TOO_LARGE);
    CHECK(doors_check(DOORS_FIELD_HOST, memory, LIMIT + 1, &error) == DOORS_STATUS_TOO_LARGE);
    CHECK(!cipher && !cidrs);
    free(memory);
    /* Lengths that no object can have: nothing may be read. */
    CHECK(status_of(CONFIG, SIZE_MAX, &error) == DOORS_STATUS_TOO_LARGE);
    CHECK(status_of(CONFIG, (size_t)PTRDIFF_MAX + 1, &error) == DOORS_STATUS_TOO_LARGE);
    CHECK(doors_cipher_new(SECRET, SIZE_MAX, &cipher, &error) == DOORS_STATUS_TOO_LARGE);
    CHECK(doors_cidrs_new("10.0.0.0/8", SIZE_MAX, &cidrs, &error) == DOORS_STATUS_TOO_LARGE);
}

/* A million levels: a recursive parser would overflow its stack. */
static void json_deep(void) {
    static const char *const BEFORE[] = {"", "{\"upstreams\": ", "{\"secret\": ", "{\"source\": ", "{\"other\": ",
                                         "{\"upstreams\": [{\"cidrs\": "};
    doors_error error;
    size_t levels = 1000000;
    for (size_t i = 0; i < sizeof BEFORE / sizeof *BEFORE; i++) {
        size_t before = strlen(BEFORE[i]);
        char *json = filled('[', before + levels);
        memcpy(json, BEFORE[i], before);
        CHECK(status_of(json, before + levels, &error) == DOORS_STATUS_CONFIG);
        for (size_t level = 0; level + 5 <= levels; level += 5) memcpy(json + before + level, "{\"a\":", 5);
        CHECK(status_of(json, before + levels, &error) == DOORS_STATUS_CONFIG);
        free(json);
    }
}

static void json_members(void) {
    static const char *const REFUSED[] = {
        "{\"secret\": \"" SECRET "\", \"secret\": \"" SECRET "\", \"upstreams\": []}",
        "{\"upstreams\": [], \"upstreams\": []}",
        "{\"upstreams\": [{\"cidr\": \"10.0.0.0/8\", \"cidr\": \"10.0.0.0/8\", \"host\": \"a\", \"port\": 1}]}",
        "{\"upstreams\": [{\"cidr\": \"10.0.0.0/8\", \"cidrs\": [\"11.0.0.0/8\"], \"host\": \"a\", \"port\": 1}]}",
        "{\"source\": 1, \"source\": 2}",
        "{\"sourc\\u0065\": 1, \"source\": 2}",
        "{\"\": 1}",
        "{\"upstreams\": {}}",
        "{\"upstreams\": null}",
        "{\"upstreams\": [[]]}",
        "{\"secret\": 12345678901234567890123456789012345678901234567890}",
        "{\"secret\": \"\\ud800\"}",
        "{\"secret\": \"\\u0000\"}",
        "{\"secret\": \"" SECRET "\", \"upstreams\": [{\"cidr\": \"10.0.0.0/8\", \"host\": \"a\", \"port\": -1}]}",
        "{\"secret\": \"" SECRET "\", \"upstreams\": [{\"cidr\": \"10.0.0.0/8\", \"host\": \"a\", \"port\": 65536}]}",
        "{\"secret\": \"" SECRET "\", \"upstreams\": [{\"cidr\": \"10.0.0.0/8\", \"host\": \"a\", \"port\": 1e308}]}",
        "{\"secret\": \"" SECRET "\", \"upstreams\": [{\"cidr\": \"10.0.0.0/8\", \"host\": \"a\", \"port\": 1e99999}]}",
        "{\"secret\": \"" SECRET "\", \"upstreams\": [{\"cidr\": \"10.0.0.0/8\", \"host\": \"\\u0000\", \"port\": 1}]}",
        CONFIG CONFIG,
        CONFIG "x",
        "\xef\xbb\xbf" CONFIG,
        "[]",
        "null",
        "\"",
    };
    CHECK(status_of_text(CONFIG) == DOORS_STATUS_OK);
    CHECK(status_of_text(CONFIG " \r\n\t") == DOORS_STATUS_OK);
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
        int32_t status = status_of_text(REFUSED[i]);
        if (!CHECK(status >= DOORS_STATUS_SECRET && status <= DOORS_STATUS_CONFIG))
            fprintf(stderr, "    status %d: %s\n", status, REFUSED[i]);
    }
}

/* A valid configuration with one byte changed, or truncated, at every position. */
static void json_damaged(void) {
    static const char WRONG[] = {'\0', '\xff', '"', '{', ']', '\\', '9', ' '};
    doors_error error;
    size_t len = strlen(CONFIG), accepted = 0;
    for (size_t at = 0; at < len; at++) {
        char *part = exact(CONFIG, at);
        CHECK(status_of(part, at, &error) == DOORS_STATUS_CONFIG);
        free(part);
        for (size_t i = 0; i < sizeof WRONG; i++) {
            char *damaged = exact(CONFIG, len);
            damaged[at] = WRONG[i];
            int32_t status = status_of(damaged, len, &error);
            accepted += status == DOORS_STATUS_OK;
            CHECK(status == DOORS_STATUS_OK || (status >= DOORS_STATUS_SECRET && status <= DOORS_STATUS_CONFIG));
            free(damaged);
        }
    }
    /* White space replaced by white space, a digit by a digit: some must be valid. */
    CHECK(accepted > 0);
}

/* 100,000 upstreams: each of them is found. */
static void json_many(void) {
    enum { COUNT = 100000, EACH = 80 };
    static const char BEGIN[] = "{\"secret\": \"" SECRET "\", \"cookie_name\": \"up\", \"upstreams\": [";
    char *json = filled(' ', sizeof BEGIN + (size_t)COUNT * EACH + 2), *end = json;
    end += sprintf(end, "%s", BEGIN);
    for (int i = 0; i < COUNT; i++)
        end += sprintf(end, "%s{\"cidr\": \"%d.%d.%d.0/24\", \"host\": \"h%d\", \"port\": %d}", i ? "," : "",
                       11 + i / 65536, i / 256 % 256, i % 256, i, 1 + i % 65535);
    end += sprintf(end, "]}");
    doors_router *router = NULL;
    CHECK(doors_router_new(json, (size_t)(end - json), &router, NULL) == DOORS_STATUS_OK);
    if (router) {
        const doors_addr address = {{12, 34, 159, 1}, 4}; /* number 99,999 is 12.134.159.0/24 */
        uint32_t number = 0, count = 0;
        CHECK(doors_router_upstreams(router, &count) == DOORS_STATUS_OK && count == COUNT);
        CHECK(doors_router_lookup(router, &address, &number) == DOORS_STATUS_OK);
        CHECK(number == 65536 + 34 * 256 + 159);
        doors_router_free(router);
    }
    free(json);
}

void hostile_json(void) {
    json_too_large();
    json_deep();
    json_members();
    json_damaged();
    json_many();
}
