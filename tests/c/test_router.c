/* Configurations and decisions: config.json and decisions.json through doors_router. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Checks that the upstream is the configured one. */
static void upstream_is(const doors_router *router, const cJSON *config, const doors_decision *decision) {
    const cJSON *list = vectors_list(config, "upstreams");
    const char *expected = string_of(cJSON_GetArrayItem(list, (int)decision->upstream), "host");
    char host[DOORS_HOST_SIZE];
    uint16_t port = 0;
    CHECK(doors_router_upstream(router, decision->upstream, host, &port) == DOORS_STATUS_OK);
    CHECK(strcmp(host, expected) == 0 && port == decision->port);
}

static void decide(const doors_router *router, const cJSON *config, const cJSON *request) {
    text path = text_of(request, "path"), cookies = text_of(request, "cookies");
    doors_decision decision;
    memset(&decision, 0x5a, sizeof decision);
    int32_t status = doors_router_decide(router, path.data, path.len, cookies.data, cookies.len, &decision);
    CHECK(status == DOORS_STATUS_OK);
    CHECK(decision.kind == number_of(request, "kind"));
    CHECK(decision.reason == number_of(request, "reason"));
    CHECK(decision.upstream == number_of(request, "upstream"));
    CHECK(decision.key == number_of(request, "key"));
    CHECK(decision.port == number_of(request, "port"));
    CHECK(decision.path == number_of(request, "path_kind"));
    CHECK(address_is(&decision.addr, string_of(request, "address")));
    for (int i = 0; i < 4; i++) CHECK(decision.reserved[i] == 0);
    if (decision.upstream != DOORS_NONE) upstream_is(router, config, &decision);
    uint32_t upstream;
    if (decision.kind == DOORS_DECISION_POD) {
        status = doors_router_lookup(router, &decision.addr, &upstream);
        CHECK(status == DOORS_STATUS_OK && upstream == decision.upstream);
    }
    if (decision.kind == DOORS_DECISION_GONE && decision.reason == DOORS_REASON_NO_CIDR) {
        status = doors_router_lookup(router, &decision.addr, &upstream);
        CHECK(status == DOORS_STATUS_NO_MATCH);
    }
    text_free(path);
    text_free(cookies);
}

void test_decisions(void) {
    cJSON *file = vectors_read("decisions");
    const cJSON *vector, *request;
    cJSON_ArrayForEach(vector, vectors_list(file, "routers")) {
        checking("routers", string_of(vector, "name"));
        char *json = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(vector, "config"));
        doors_router *router = NULL;
        if (CHECK(json && doors_router_new(json, strlen(json), &router, NULL) == DOORS_STATUS_OK)) {
            cJSON_ArrayForEach(request, vectors_list(vector, "requests")) {
                checking(string_of(vector, "name"), string_of(request, "name"));
                decide(router, cJSON_GetObjectItemCaseSensitive(vector, "config"), request);
            }
        }
        doors_router_free(router);
        free(json);
    }
    cJSON_Delete(file);
}

static void accepted(const cJSON *vector) {
    text json = text_of(vector, "json");
    doors_router *router = NULL;
    doors_error error;
    if (CHECK(doors_router_new(json.data, json.len, &router, &error) == DOORS_STATUS_OK)) {
        uint32_t count = 0, n = 0;
        CHECK(doors_router_upstreams(router, &count) == DOORS_STATUS_OK);
        CHECK(count == number_of(vector, "upstreams"));
        for (uint32_t i = 0; i < count; i++) {
            char host[DOORS_HOST_SIZE] = "";
            uint16_t port = 0;
            CHECK(doors_router_upstream(router, i, host, &port) == DOORS_STATUS_OK && port > 0);
            CHECK(doors_check(DOORS_FIELD_HOST, host, strlen(host), NULL) == DOORS_STATUS_OK);
        }
        const cJSON *parts;
        cJSON_ArrayForEach(parts, cJSON_GetObjectItemCaseSensitive(vector, "warnings")) {
            if (CHECK(doors_router_warning(router, n++, &error) == DOORS_STATUS_OK)) CHECK(message_has(&error, parts));
        }
        CHECK(doors_router_warning(router, n, &error) == DOORS_STATUS_NO_MATCH);
    } else {
        fprintf(stderr, "message: %s\n", error.message);
    }
    doors_router_free(router);
    text_free(json);
}

void test_config(void) {
    cJSON *file = vectors_read("config");
    const cJSON *vector;
    cJSON_ArrayForEach(vector, vectors_list(file, "accepted")) {
        checking("accepted", string_of(vector, "name"));
        accepted(vector);
    }
    cJSON_ArrayForEach(vector, vectors_list(file, "refused")) {
        checking("refused", string_of(vector, "name"));
        text json = text_of(vector, "json");
        doors_router *router = NULL;
        doors_error error;
        int32_t status = doors_router_new(json.data, json.len, &router, &error);
        if (CHECK(status == (int32_t)number_of(vector, "status"))) {
            CHECK(router == NULL);
            CHECK(error.status == status);
            CHECK(error.index == number_of(vector, "index"));
            CHECK(message_has(&error, cJSON_GetObjectItemCaseSensitive(vector, "contains")));
            CHECK(message_lacks(&error, cJSON_GetObjectItemCaseSensitive(vector, "never")));
            CHECK(doors_router_new(json.data, json.len, &router, NULL) == status);
        }
        text_free(json);
    }
    cJSON_Delete(file);
}
