/* Tokens and secrets: runs tokens.json and secrets.json with doors_cipher. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static doors_cipher *cipher_of(const cJSON *vector) {
    doors_cipher *cipher = NULL;
    text secret = text_of(vector, "secret");
    CHECK(doors_cipher_new(secret.data, secret.len, &cipher, NULL) == DOORS_STATUS_OK);
    text_free(secret);
    return cipher;
}

static int32_t status_of(const char *error) {
    if (strcmp(error, "base64") == 0) return DOORS_STATUS_TOKEN_FORMAT;
    if (strcmp(error, "cipher") == 0) return DOORS_STATUS_TOKEN_REFUSED;
    return -1;
}

static void accepted(const cJSON *vector) {
    doors_cipher *cipher = cipher_of(vector);
    text token = text_of(vector, "token");
    doors_addr address;
    uint32_t key;
    if (CHECK(doors_cipher_decode(cipher, token.data, token.len, &address, &key) == DOORS_STATUS_OK))
        CHECK(address_is(&address, string_of(vector, "address")) && key == number_of(vector, "key"));
    text_free(token);
    doors_cipher_free(cipher);
}

static void encoded(const cJSON *vector) {
    doors_cipher *cipher = cipher_of(vector);
    doors_addr address, back;
    char token[DOORS_TOKEN_SIZE];
    size_t len = 0;
    uint32_t key;
    CHECK(address_parse(string_of(vector, "address"), &address));
    int32_t status = doors_cipher_encode(cipher, &address, token, sizeof token, &len);
    CHECK(status == DOORS_STATUS_OK);
    CHECK(len == number_of(vector, "length") && token[len] == 0);
    if (CHECK(doors_cipher_decode(cipher, token, len, &back, &key) == DOORS_STATUS_OK))
        CHECK(address_is(&back, string_of(vector, "decodes_to")) && key == 0);
    doors_cipher_free(cipher);
}

static void refused(const cJSON *vector) {
    doors_cipher *cipher = cipher_of(vector);
    text token = text_of(vector, "token");
    doors_addr address;
    memset(&address, 0x5a, sizeof address);
    doors_addr before = address;
    uint32_t key = 77;
    CHECK(doors_cipher_decode(cipher, token.data, token.len, &address, &key) == status_of(string_of(vector, "error")));
    CHECK(memcmp(&before, &address, sizeof before) == 0 && key == 77);
    text_free(token);
    doors_cipher_free(cipher);
}

void test_tokens(void) {
    cJSON *file = vectors_read("tokens");
    const cJSON *vector;
    cJSON_ArrayForEach(vector, vectors_list(file, "accepted")) {
        checking("accepted", string_of(vector, "name"));
        accepted(vector);
    }
    cJSON_ArrayForEach(vector, vectors_list(file, "encoded")) {
        checking("encoded", string_of(vector, "name"));
        encoded(vector);
    }
    cJSON_ArrayForEach(vector, vectors_list(file, "refused")) {
        checking("refused", string_of(vector, "name"));
        refused(vector);
    }
    cJSON_Delete(file);
}

static void key_ids(const doors_cipher *cipher, const cJSON *expected) {
    uint32_t count = 0;
    char id[DOORS_KEY_ID_SIZE];
    CHECK(doors_cipher_keys(cipher, &count) == DOORS_STATUS_OK && count == (uint32_t)cJSON_GetArraySize(expected));
    for (uint32_t i = 0; i < count; i++) {
        CHECK(doors_cipher_key_id(cipher, i, id) == DOORS_STATUS_OK);
        CHECK(strcmp(id, cJSON_GetArrayItem(expected, (int)i)->valuestring) == 0);
    }
    CHECK(count > 0 && doors_cipher_key_id(cipher, count, id) == DOORS_STATUS_NO_MATCH);
}

void test_secrets(void) {
    cJSON *file = vectors_read("secrets");
    const cJSON *vector;
    cJSON_ArrayForEach(vector, vectors_list(file, "accepted")) {
        checking("accepted", string_of(vector, "name"));
        text secret = text_of(vector, "secret");
        CHECK(doors_check(DOORS_FIELD_SECRET, secret.data, secret.len, NULL) == DOORS_STATUS_OK);
        text_free(secret);
        doors_cipher *cipher = cipher_of(vector);
        key_ids(cipher, cJSON_GetObjectItem(vector, "key_ids"));
        doors_cipher_free(cipher);
    }
    cJSON_ArrayForEach(vector, vectors_list(file, "refused")) {
        checking("refused", string_of(vector, "name"));
        text secret = text_of(vector, "secret");
        doors_cipher *cipher = NULL;
        doors_error error, again;
        CHECK(doors_cipher_new(secret.data, secret.len, &cipher, &error) == DOORS_STATUS_SECRET);
        CHECK(cipher == NULL);
        CHECK(error.status == DOORS_STATUS_SECRET);
        CHECK(error.index == number_of(vector, "index"));
        CHECK(doors_check(DOORS_FIELD_SECRET, secret.data, secret.len, &again) == DOORS_STATUS_SECRET);
        CHECK(again.index == error.index && strcmp(again.message, error.message) == 0);
        text_free(secret);
    }
    cJSON_Delete(file);
}
