/* Reads the shared vectors; see vectors.h. */
#define _POSIX_C_SOURCE 200809L

#include "vectors.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned checks, failures;
const char *vectors_folder;

static const char *current_list = "", *current_vector = "";

void checking(const char *list, const char *vector) {
    current_list = list;
    current_vector = vector ? vector : "";
}

bool check_that(bool holds, const char *file, int line, const char *expression) {
    checks++;
    if (!holds) {
        failures++;
        fprintf(stderr, "%s:%d: %s: %s: failed: %s\n", file, line, current_list, current_vector, expression);
    }
    return holds;
}

static void give_up(const char *what, const char *name) {
    fprintf(stderr, "conformance: %s: %s\n", what, name);
    exit(2);
}

static void *allocate(size_t size) {
    void *memory = malloc(size ? size : 1);
    if (!memory) give_up("out of memory", "");
    return memory;
}

cJSON *vectors_read(const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.json", vectors_folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) give_up("cannot open", path);
    char *data = NULL;
    size_t len = 0, room = 0;
    for (;;) {
        if (len == room) {
            room = room ? 2 * room : 65536;
            data = realloc(data, room);
            if (!data) give_up("out of memory", path);
        }
        size_t got = fread(data + len, 1, room - len, file);
        if (got == 0) break;
        len += got;
    }
    if (ferror(file)) give_up("cannot read", path);
    fclose(file);
    cJSON *json = cJSON_ParseWithLength(data, len);
    free(data);
    if (!json) give_up("is not JSON", path);
    return json;
}

static const cJSON *member_of(const cJSON *vector, const char *member) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(vector, member);
    if (!value) give_up("a vector lacks the member", member);
    return value;
}

const cJSON *vectors_list(const cJSON *file, const char *list) {
    const cJSON *value = member_of(file, list);
    if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) == 0) give_up("is not a list of vectors", list);
    return value;
}

static text base64_decode(const char *encoded) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    text out = {0};
    out.owned = allocate(strlen(encoded));
    uint32_t bits = 0;
    int count = 0;
    for (const char *at = encoded; *at && *at != '='; at++) {
        const char *found = strchr(alphabet, *at);
        if (!found) give_up("not base64", encoded);
        bits = bits << 6 | (uint32_t)(found - alphabet);
        count += 6;
        if (count >= 8) {
            count -= 8;
            out.owned[out.len++] = (char)(bits >> count & 0xff);
        }
    }
    out.data = out.owned;
    return out;
}

text text_of(const cJSON *vector, const char *member) {
    char name[64];
    snprintf(name, sizeof name, "%s_base64", member);
    const cJSON *encoded = cJSON_GetObjectItemCaseSensitive(vector, name);
    if (cJSON_IsString(encoded)) return base64_decode(encoded->valuestring);
    const char *plain = string_of(vector, member);
    return text_literal(plain ? plain : "");
}

text text_literal(const char *string) { return (text){.data = string, .len = strlen(string)}; }

void text_free(text value) { free(value.owned); }

const char *string_of(const cJSON *vector, const char *member) {
    const cJSON *value = member_of(vector, member);
    if (cJSON_IsNull(value)) return NULL;
    if (!cJSON_IsString(value)) give_up("is not a string", member);
    return value->valuestring;
}

uint32_t number_of(const cJSON *vector, const char *member) {
    const cJSON *value = member_of(vector, member);
    if (cJSON_IsNull(value)) return DOORS_NONE;
    if (!cJSON_IsNumber(value) || value->valuedouble < 0) give_up("is not a number", member);
    return (uint32_t)value->valuedouble;
}

bool address_parse(const char *string, doors_addr *out) {
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, string, out->bytes) == 1) {
        out->len = 4;
        return true;
    }
    if (inet_pton(AF_INET6, string, out->bytes) == 1) {
        out->len = 16;
        return true;
    }
    return false;
}

bool address_is(const doors_addr *address, const char *string) {
    doors_addr expected;
    if (!string) return address->len == 0;
    if (!address_parse(string, &expected)) give_up("not an address", string);
    return address->len == expected.len && memcmp(address->bytes, expected.bytes, sizeof expected.bytes) == 0;
}

bool message_has(const doors_error *error, const cJSON *parts) {
    const cJSON *part;
    cJSON_ArrayForEach(part, parts) {
        if (!strstr(error->message, part->valuestring)) {
            fprintf(stderr, "message: %s\nlacks:   %s\n", error->message, part->valuestring);
            return false;
        }
    }
    return true;
}

bool message_lacks(const doors_error *error, const cJSON *parts) {
    const cJSON *part;
    cJSON_ArrayForEach(part, parts) {
        if (strstr(error->message, part->valuestring)) return false;
    }
    return true;
}
