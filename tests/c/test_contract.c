/* The rules at the top of the header: NULL, lengths, outputs, names of numbers, the version. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char SECRET[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
static const char CONFIG[] = "{\"secret\": \"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\", \"upstreams\": "
                             "[{\"cidr\": \"10.0.0.0/24\", \"host\": \"svc.example\", \"port\": 8080}]}";
static const doors_addr ADDRESS = {{10, 0, 0, 7}, 4}, NO_ADDRESS = {{10, 0, 0, 7}, 3};

static void contract_cipher(void) {
    doors_cipher *cipher = NULL;
    doors_addr address;
    char token[DOORS_TOKEN_SIZE + 1];
    size_t len = 99;
    uint32_t key = 7;
    CHECK(doors_cipher_new(SECRET, strlen(SECRET), NULL, NULL) == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_cipher_new(NULL, 5, &cipher, NULL) == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_cipher_new(NULL, 0, &cipher, NULL) == DOORS_STATUS_SECRET);
    CHECK(cipher == NULL);
    CHECK(doors_cipher_new(SECRET, strlen(SECRET), &cipher, NULL) == DOORS_STATUS_OK);
    memset(token, '#', sizeof token);
    CHECK(doors_cipher_encode(cipher, &ADDRESS, token, DOORS_TOKEN_IPV4, &len) == DOORS_STATUS_BUFFER);
    CHECK(len == 99 && token[0] == '#');
    CHECK(doors_cipher_encode(cipher, &NO_ADDRESS, token, sizeof token, &len) == DOORS_STATUS_ADDRESS);
    CHECK(doors_cipher_encode(cipher, NULL, token, sizeof token, &len) == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_cipher_encode(NULL, &ADDRESS, token, sizeof token, &len) == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_cipher_encode(cipher, &ADDRESS, token, DOORS_TOKEN_IPV4 + 1, &len) == DOORS_STATUS_OK);
    CHECK(len == DOORS_TOKEN_IPV4 && token[len] == 0 && token[len + 1] == '#');
    CHECK(doors_cipher_decode(cipher, token, len, NULL, &key) == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_cipher_decode(cipher, token, len, &address, NULL) == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_cipher_decode(cipher, NULL, len, &address, &key) == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_cipher_decode(cipher, NULL, 0, &address, &key) == DOORS_STATUS_TOKEN_REFUSED);
    CHECK(doors_cipher_decode(cipher, token, len, &address, &key) == DOORS_STATUS_OK);
    CHECK(address_is(&address, "10.0.0.7") && key == 0);
    doors_cipher_free(cipher);
    doors_cipher_free(NULL);
}

static void contract_cidrs(void) {
    static const char LIST[] = "10.0.0.0/8\t2001:db8::/32";
    doors_cidrs *cidrs = NULL;
    uint32_t index = 7;
    CHECK(doors_cidrs_new(LIST, strlen(LIST), NULL, NULL) == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_cidrs_new(NULL, 0, &cidrs, NULL) == DOORS_STATUS_CIDR);
    CHECK(doors_cidrs_new(LIST, strlen(LIST), &cidrs, NULL) == DOORS_STATUS_OK);
    CHECK(doors_cidrs_lookup(cidrs, &NO_ADDRESS, &index) == DOORS_STATUS_ADDRESS);
    CHECK(doors_cidrs_lookup(cidrs, NULL, &index) == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_cidrs_lookup(cidrs, &ADDRESS, NULL) == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_cidrs_lookup(NULL, &ADDRESS, &index) == DOORS_STATUS_NULL_POINTER);
    CHECK(index == 7);
    CHECK(doors_cidrs_lookup(cidrs, &ADDRESS, &index) == DOORS_STATUS_OK && index == 0);
    doors_cidrs_free(cidrs);
    doors_cidrs_free(NULL);
}

static void contract_router(void) {
    doors_router *router = NULL;
    doors_decision decision;
    doors_error error;
    char host[DOORS_HOST_SIZE];
    uint16_t port = 0;
    uint32_t number = 0;
    CHECK(doors_router_new(CONFIG, strlen(CONFIG), NULL, &error) == DOORS_STATUS_NULL_POINTER);
    CHECK(error.status == DOORS_STATUS_NULL_POINTER && error.index == DOORS_NONE);
    CHECK(doors_router_new(NULL, 0, &router, NULL) == DOORS_STATUS_CONFIG);
    error.status = 77;
    CHECK(doors_router_new(CONFIG, strlen(CONFIG), &router, &error) == DOORS_STATUS_OK);
    CHECK(error.status == 77);
    CHECK(doors_router_decide(router, NULL, 0, NULL, 0, &decision) == DOORS_STATUS_OK);
    CHECK(decision.kind == DOORS_DECISION_UPSTREAM && decision.reason == DOORS_REASON_ONLY_UPSTREAM);
    CHECK(doors_router_decide(router, "/", 1, NULL, 1, &decision) == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_router_decide(router, NULL, 1, NULL, 0, &decision) == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_router_decide(router, "/", 1, NULL, 0, NULL) == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_router_decide(NULL, "/", 1, NULL, 0, &decision) == DOORS_STATUS_NULL_POINTER);
    /* Inputs may overlap. */
    CHECK(doors_router_decide(router, CONFIG, strlen(CONFIG), CONFIG, strlen(CONFIG), &decision) == DOORS_STATUS_OK);
    CHECK(doors_router_lookup(router, &ADDRESS, &number) == DOORS_STATUS_OK && number == 0);
    CHECK(doors_router_lookup(router, &NO_ADDRESS, &number) == DOORS_STATUS_ADDRESS);
    CHECK(doors_router_upstreams(router, NULL) == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_router_upstream(router, 0, host, &port) == DOORS_STATUS_OK);
    CHECK(strcmp(host, "svc.example") == 0 && port == 8080);
    CHECK(doors_router_upstream(router, 1, host, &port) == DOORS_STATUS_NO_MATCH);
    CHECK(doors_router_upstream(router, 0, NULL, &port) == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_router_warning(router, 0, &error) == DOORS_STATUS_NO_MATCH);
    CHECK(doors_router_warning(router, 0, NULL) == DOORS_STATUS_NULL_POINTER);
    doors_router_free(router);
    doors_router_free(NULL);
}

static void contract_check(void) {
    static const struct {
        uint32_t field;
        const char *good, *bad;
        int32_t status;
    } fields[] = {
        {DOORS_FIELD_SECRET, SECRET, "x", DOORS_STATUS_SECRET},
        {DOORS_FIELD_COOKIE_NAME, "upstream", "up stream", DOORS_STATUS_CONFIG},
        {DOORS_FIELD_CIDR, "10.0.0.0/24", "10.0.0.1/24", DOORS_STATUS_CIDR},
        {DOORS_FIELD_HOST, "svc.example", "svc:80", DOORS_STATUS_CONFIG},
        {DOORS_FIELD_PORT, "8080", "65536", DOORS_STATUS_CONFIG},
    };
    doors_error error;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        checking("check", fields[i].bad);
        CHECK(doors_check(fields[i].field, fields[i].good, strlen(fields[i].good), &error) == DOORS_STATUS_OK);
        CHECK(doors_check(fields[i].field, fields[i].bad, strlen(fields[i].bad), &error) == fields[i].status);
        CHECK(error.status == fields[i].status && error.message[0] != '\0');
        CHECK(doors_check(fields[i].field, NULL, 0, NULL) == fields[i].status);
        CHECK(doors_check(fields[i].field, NULL, 1, NULL) == DOORS_STATUS_NULL_POINTER);
    }
    CHECK(doors_check(0, "x", 1, &error) == DOORS_STATUS_RANGE);
}

static void contract_text(void) {
    char version[64];
    snprintf(version, sizeof version, "%d.%d.%d", DOORS_VERSION_MAJOR, DOORS_VERSION_MINOR, DOORS_VERSION_PATCH);
    CHECK(strcmp(version, DOORS_VERSION) == 0);
    CHECK(DOORS_VERSION_NUMBER == DOORS_VERSION_MAJOR * 1000000 + DOORS_VERSION_MINOR * 1000 + DOORS_VERSION_PATCH);
    CHECK(strcmp(doors_version(), DOORS_VERSION) == 0);
    CHECK(doors_abi() == DOORS_ABI);
    CHECK(strcmp(doors_status_str(DOORS_STATUS_OK), "ok") == 0);
    CHECK(strcmp(doors_decision_str(DOORS_DECISION_POD), "pod") == 0);
    CHECK(strcmp(doors_reason_str(DOORS_REASON_COOKIE), "cookie") == 0);
    CHECK(strcmp(doors_path_str(DOORS_PATH_SYNC), "sync") == 0);
    CHECK(strcmp(doors_status_str(9999), "unknown") == 0);
    CHECK(strcmp(doors_decision_str(0), "unknown") == 0);
    CHECK(strcmp(doors_reason_str(9999), "unknown") == 0);
    CHECK(strcmp(doors_path_str(9999), "unknown") == 0);
    /* The layout that other languages rely on. */
    CHECK(sizeof(doors_addr) == 20 && sizeof(doors_decision) == 56 && sizeof(doors_error) == 520);
    CHECK(offsetof(doors_decision, port) == 16 && offsetof(doors_decision, addr) == 20);
    CHECK(offsetof(doors_decision, reserved) == 40 && offsetof(doors_error, message) == 8);
}

void test_contract(void) {
    checking("contract", "cipher");
    contract_cipher();
    checking("contract", "cidrs");
    contract_cidrs();
    checking("contract", "router");
    contract_router();
    contract_check();
    checking("contract", "text");
    contract_text();
}
