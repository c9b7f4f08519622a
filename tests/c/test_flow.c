/* A rollout in virtual time: requests from beginning to end, with simulated DNS and pods. */
#include "vectors.h"

#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000000000)
#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define CONFIG "{\"secret\": \"" KEY "\", \"upstreams\": [{\"cidr\": \"10.0.0.0/24\", \"host\": \"app\", \"port\": 8080}]}"

static doors_state *state;
static doors_source *source;
/* The answer of DNS: `fresh` pods starting at 10.0.0.`first`. */
static uint8_t first, fresh;

/* Does what a report asks for, except for dials in the background. */
static void obey(const doors_report *report, int64_t now) {
    CHECK(report->reserved[0] == 0 && report->reserved[1] == 0);
    if (!(report->flags & DOORS_REPORT_LOOKUPS_DUE)) return;
    doors_lookup lookups[4];
    size_t count;
    int64_t next;
    CHECK(doors_state_due(state, now, now, lookups, 4, &count, &next) == DOORS_STATUS_OK && next >= now);
    for (size_t i = 0; i < count; i++) {
        doors_addr list[2];
        doors_host_report changed;
        CHECK(strcmp(lookups[i].name, "app") == 0 && lookups[i].name_len == 3 && lookups[i].resolver == 0);
        for (uint8_t n = 0; n < fresh; n++) list[n] = (doors_addr){{10, 0, 0, (uint8_t)(first + n)}, 4};
        CHECK(doors_state_resolved(state, lookups[i].host, list, fresh, 0, 0, now, now, &changed) == DOORS_STATUS_OK);
    }
}

/* Advances time and makes the lookups that are due. */
static void pass(int64_t now) {
    doors_report due = {.flags = DOORS_REPORT_LOOKUPS_DUE};
    obey(&due, now);
}

static doors_step begin(doors_request *request, const char *path, int64_t now) {
    doors_step step;
    CHECK(doors_request_begin(source, DOORS_METHOD_GET, 0, path, strlen(path), NULL, 0, now, now, request, &step) ==
          DOORS_STATUS_OK);
    obey(&step.report, now);
    if (step.kind == DOORS_STEP_WAIT) {
        CHECK(step.until > now);
        CHECK(doors_request_resume(source, request, now, now, &step) == DOORS_STATUS_OK);
    }
    return step;
}

/* Lets the pod accept the request and respond. */
static void answer(doors_request *request, const doors_step *step, int64_t now) {
    doors_report report;
    doors_step answered;
    CHECK(doors_source_dialled(source, step->upstream, &step->pod, DOORS_OUTCOME_CONNECTED, now, now, &report) ==
          DOORS_STATUS_OK);
    CHECK(doors_request_answered(source, request, 0, now, now, &answered) == DOORS_STATUS_OK);
    CHECK(answered.kind == DOORS_STEP_DONE);
    CHECK(doors_request_ended(source, request, now) == DOORS_STATUS_OK);
}

void test_flow(void) {
    doors_cipher *cipher;
    doors_request request;
    doors_decision decision;
    char path[DOORS_TOKEN_SIZE + 16] = "/~/";
    size_t len;
    const doors_addr old = {{10, 0, 0, 7}, 4};
    CHECK(doors_cipher_new(KEY, strlen(KEY), &cipher, NULL) == DOORS_STATUS_OK);
    CHECK(doors_cipher_encode(cipher, &old, path + 3, DOORS_TOKEN_SIZE, &len) == DOORS_STATUS_OK);
    strcpy(path + 3 + len, "/h/1");
    doors_cipher_free(cipher);
    CHECK(doors_state_new(NULL, &state) == DOORS_STATUS_OK);
    CHECK(doors_source_new(state, CONFIG, strlen(CONFIG), NULL, &source, NULL) == DOORS_STATUS_OK);

    /* A page load goes to the only pod, and so do the requests of its page. */
    first = 7, fresh = 1;
    doors_step step = begin(&request, "/", 0);
    CHECK(step.kind == DOORS_STEP_DIAL && step.pod.addr.bytes[3] == 7 && step.pod.port == 8080 && step.upstream == 0);
    CHECK(doors_request_decision(source, &request, &decision) == DOORS_STATUS_OK);
    CHECK(decision.kind == DOORS_DECISION_UPSTREAM && decision.path == DOORS_PATH_PAGE);
    answer(&request, &step, 0);
    step = begin(&request, path, SECOND);
    CHECK(step.kind == DOORS_STEP_DIAL && step.pod.addr.bytes[3] == 7);
    answer(&request, &step, SECOND);

    /* Another pod is fresh: new pages go there, and the old page stays on its pod. */
    first = 8;
    begin(&request, "/", 2 * SECOND);
    doors_request_ended(source, &request, 2 * SECOND);
    pass(3 * SECOND);
    step = begin(&request, "/", 3 * SECOND + 1);
    CHECK(step.kind == DOORS_STEP_DIAL && step.pod.addr.bytes[3] == 8);
    answer(&request, &step, 3 * SECOND + 1);
    step = begin(&request, path, 3 * SECOND + 2);
    CHECK(step.kind == DOORS_STEP_DIAL && step.pod.addr.bytes[3] == 7);

    /* The old pod ends: its host refuses connections, and the page must reload from the other pod. */
    doors_step next;
    CHECK(doors_request_failed(source, &request, DOORS_OUTCOME_REFUSED, 3 * SECOND + 2, 1, &next) == DOORS_STATUS_OK);
    CHECK(next.kind == DOORS_STEP_ANSWER && next.status == 410 && next.retry_after == 0 && !next.page);
    CHECK(next.cause == DOORS_CAUSE_POD_GONE && strcmp(doors_cause_str(next.cause), "pod_gone") == 0);
    CHECK(next.report.flags & DOORS_REPORT_CHANGED && next.report.changed_verdict == DOORS_VERDICT_GONE);
    CHECK(next.report.changed_pod.addr.bytes[3] == 7);
    CHECK(doors_request_ended(source, &request, 3 * SECOND + 2) == DOORS_STATUS_OK);

    /* A forged token. */
    memset(path + 3, 'A', len);
    step = begin(&request, path, 4 * SECOND);
    CHECK(step.kind == DOORS_STEP_ANSWER && step.cause == DOORS_CAUSE_TOKEN_REFUSED);
    CHECK(step.report.flags & DOORS_REPORT_REFUSED_TOKEN && step.report.suppressed == 0);
    CHECK(doors_request_ended(source, &request, 4 * SECOND) == DOORS_STATUS_OK);

    /* No request is in flight at any pod. */
    doors_known_pod pods[4];
    size_t count, known;
    CHECK(doors_state_pods(state, NULL, pods, 4, &count, &known) == DOORS_STATUS_OK && count == 2 && known == 2);
    for (size_t i = 0; i < count; i++) CHECK(pods[i].in_flight == 0 && pods[i].streams == 0);
    CHECK(pods[0].verdict == DOORS_VERDICT_GONE && pods[0].fresh == 0 && pods[1].fresh == 1);
    doors_source_free(source);
    doors_state_free(state);
}
