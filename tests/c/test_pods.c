/* Dead pods and paced answers: doors_pods, in virtual time. */
#include "vectors.h"

#include <stdio.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

static const doors_group GROUP = {.source = 1,
                                  .server = 1,
                                  .gone_after = 10 * SECOND,
                                  .page_wait = 10 * SECOND,
                                  .gone_rate = 2,
                                  .max_waiting = 3};

static doors_pod pod(uint8_t last) {
    return (doors_pod){.addr = {.bytes = {10, 0, 0, last}, .len = 4}, .port = 8080};
}

static uint32_t began(doors_pods *pods, uint8_t last, uint32_t path, uint64_t now) {
    doors_pod one = pod(last);
    doors_answer answer;
    CHECK(doors_pods_began(pods, &GROUP, &one, path, now, &answer) == DOORS_STATUS_OK);
    CHECK(answer.retry_after == (answer.action == DOORS_ACTION_UNAVAILABLE ? 1 : 0));
    return answer.action;
}

static doors_answer ended(doors_pods *pods, uint8_t last, uint32_t outcome, uint64_t now) {
    doors_pod one = pod(last);
    doors_answer answer = {0};
    CHECK(doors_pods_ended(pods, &GROUP, &one, DOORS_PATH_HOOK, outcome, now, &answer) == DOORS_STATUS_OK);
    CHECK(answer.suppressed == 0 && answer.reserved == 0);
    return answer;
}

/* A page is told to reload only where a pod is known that takes it. */
static void waited(doors_pods *pods) {
    doors_answer answer;
    CHECK(doors_pods_refused_token(pods, &GROUP, DOORS_REASON_REFUSED, DOORS_PATH_HOOK, 0, &answer) == DOORS_STATUS_OK);
    CHECK(answer.action == DOORS_ACTION_UNAVAILABLE && answer.retry_after == 1 && answer.until == 0);
    CHECK(answer.flags == (DOORS_ANSWER_LOG | DOORS_ANSWER_NO_POD | DOORS_ANSWER_FIND_POD));
    CHECK(doors_pods_wait(pods, &GROUP, 0, 2, SECOND / 2, &answer) == DOORS_STATUS_OK);
    CHECK(answer.action == DOORS_ACTION_WAIT && answer.until == 3 * SECOND / 2 && answer.flags == DOORS_ANSWER_NO_POD);
    CHECK(doors_pods_wait(pods, &GROUP, 0, 3, SECOND, &answer) == DOORS_STATUS_OK);
    CHECK(answer.action == DOORS_ACTION_UNAVAILABLE && answer.flags == (DOORS_ANSWER_NO_POD | DOORS_ANSWER_FIND_POD));
    ended(pods, 9, DOORS_OUTCOME_CONNECTED, 0);
    CHECK(doors_pods_wait(pods, &GROUP, 0, 3, SECOND, &answer) == DOORS_STATUS_OK);
    CHECK(answer.action == DOORS_ACTION_DIAL && answer.flags == 0);
}

static void refused(doors_pods *pods) {
    CHECK(began(pods, 1, DOORS_PATH_HOOK, 0) == DOORS_ACTION_DIAL);
    doors_answer answer = ended(pods, 1, DOORS_OUTCOME_REFUSED, 0);
    CHECK(answer.action == DOORS_ACTION_GONE && answer.verdict == DOORS_VERDICT_GONE);
    CHECK(answer.flags == DOORS_ANSWER_CHANGED);
    CHECK(began(pods, 1, DOORS_PATH_HOOK, SECOND / 2) == DOORS_ACTION_GONE);
    CHECK(began(pods, 1, DOORS_PATH_HOOK, SECOND) == DOORS_ACTION_PROBE);
    answer = ended(pods, 1, DOORS_OUTCOME_CONNECTED, SECOND);
    CHECK(answer.action == DOORS_ACTION_NONE && answer.flags == DOORS_ANSWER_CHANGED);
    CHECK(began(pods, 1, DOORS_PATH_HOOK, SECOND) == DOORS_ACTION_DIAL);
}

static void unreachable(doors_pods *pods) {
    uint64_t start = 100 * SECOND;
    ended(pods, 3, DOORS_OUTCOME_ANSWERED, start);
    for (uint64_t second = 0; second < 10; second++)
        CHECK(ended(pods, 2, DOORS_OUTCOME_UNREACHABLE, start + second * SECOND).action == DOORS_ACTION_UNAVAILABLE);
    CHECK(ended(pods, 2, DOORS_OUTCOME_UNREACHABLE, start + 10 * SECOND).action == DOORS_ACTION_GONE);
    for (uint64_t second = 0; second < 10; second++)
        CHECK(ended(pods, 1, DOORS_OUTCOME_DROPPED, start + second * SECOND).verdict == DOORS_VERDICT_NONE);
    CHECK(ended(pods, 1, DOORS_OUTCOME_DROPPED, start + 10 * SECOND).action == DOORS_ACTION_GONE);
    CHECK(ended(pods, 2, DOORS_OUTCOME_OWN_FAULT, start + 10 * SECOND).flags == 0);
    CHECK(ended(pods, 2, DOORS_OUTCOME_CANCELLED, start + 10 * SECOND).action == DOORS_ACTION_NONE);
}

static void paced(doors_pods *pods) {
    uint64_t now = 200 * SECOND;
    doors_answer answer;
    ended(pods, 3, DOORS_OUTCOME_ANSWERED, now);
    ended(pods, 4, DOORS_OUTCOME_REFUSED, now);
    CHECK(began(pods, 4, DOORS_PATH_SYNC, now) == DOORS_ACTION_GONE);
    CHECK(began(pods, 4, DOORS_PATH_SYNC, now) == DOORS_ACTION_GONE);
    CHECK(began(pods, 4, DOORS_PATH_SYNC, now) == DOORS_ACTION_UNAVAILABLE);
    CHECK(began(pods, 4, DOORS_PATH_HOOK, now) == DOORS_ACTION_GONE);
    CHECK(began(pods, 4, DOORS_PATH_SYNC, now + SECOND / 2) == DOORS_ACTION_GONE);
    doors_group wrong = GROUP;
    wrong.source = 2;
    unsigned said = 0;
    doors_pod well = pod(3);
    CHECK(doors_pods_ended(pods, &wrong, &well, DOORS_PATH_PAGE, DOORS_OUTCOME_CONNECTED, now, &answer) ==
          DOORS_STATUS_OK);
    for (int i = 0; i < 50; i++) {
        CHECK(doors_pods_refused_token(pods, &wrong, DOORS_REASON_REFUSED, DOORS_PATH_SYNC, now, &answer) ==
              DOORS_STATUS_OK);
        CHECK(answer.action == (i < 2 ? DOORS_ACTION_GONE : DOORS_ACTION_UNAVAILABLE));
        if (answer.flags & DOORS_ANSWER_NOTHING_OPENS) said++;
    }
    CHECK(said == 1);
    CHECK(!(answer.flags & DOORS_ANSWER_LOG) && answer.suppressed == 0);
    CHECK(doors_pods_refused_token(pods, &wrong, DOORS_REASON_REFUSED, DOORS_PATH_HOOK, now + 10 * SECOND, &answer) ==
          DOORS_STATUS_OK);
    CHECK((answer.flags & DOORS_ANSWER_LOG) && answer.suppressed == 49);
}

static void remembered(doors_pods *pods) {
    uint64_t now = 300 * SECOND;
    doors_pod list[3] = {pod(5), pod(6), pod(7)};
    uint8_t failed[3] = {9, 9, 9};
    uint32_t verdict = 9;
    ended(pods, 6, DOORS_OUTCOME_REFUSED, now);
    CHECK(doors_pods_failed_recently(pods, list, 3, now, failed) == DOORS_STATUS_OK);
    CHECK(failed[0] == 0 && failed[1] == 1 && failed[2] == 0);
    CHECK(doors_pods_verdict(pods, &list[1], &verdict) == DOORS_STATUS_OK && verdict == DOORS_VERDICT_GONE);
    CHECK(doors_pods_resolved(pods, GROUP.server, list, 3) == DOORS_STATUS_OK);
    CHECK(doors_pods_verdict(pods, &list[1], &verdict) == DOORS_STATUS_OK && verdict == DOORS_VERDICT_NONE);
    CHECK(doors_pods_failed_recently(pods, NULL, 0, now, NULL) == DOORS_STATUS_OK);
    CHECK(doors_pods_failed_recently(pods, NULL, 1, now, failed) == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_pods_resolved(pods, GROUP.server, NULL, 0) == DOORS_STATUS_OK);
    list[2].addr.len = 5;
    CHECK(doors_pods_resolved(pods, GROUP.server, list, 3) == DOORS_STATUS_ADDRESS);
}

/* A pod is used and left, while the other goes on. */
static void used(doors_pods *pods) {
    uint64_t now = 400 * SECOND;
    doors_pod one = pod(8), other = pod(9);
    doors_pod_state list[16];
    doors_idle idle;
    size_t count = 0, first = 0;
    CHECK(doors_pods_entered(pods, &GROUP, &one, 1, now) == DOORS_STATUS_OK);
    CHECK(doors_pods_entered(pods, &GROUP, &other, 1, now) == DOORS_STATUS_OK);
    CHECK(doors_pods_entered(pods, &GROUP, &other, 0, now + SECOND) == DOORS_STATUS_OK);
    CHECK(doors_pods_left(pods, &one, 1, now + SECOND) == DOORS_STATUS_OK);
    CHECK(doors_pods_left(pods, &one, 1, now + SECOND) == DOORS_STATUS_OK);
    CHECK(doors_pods_resolved(pods, GROUP.server, &other, 1) == DOORS_STATUS_OK);
    CHECK(doors_pods_list(pods, NULL, 0, &count) == DOORS_STATUS_OK && count == 7);
    CHECK(doors_pods_list(pods, list, 16, &count) == DOORS_STATUS_OK && count == 7);
    while (first < count && list[first].pod.addr.bytes[3] != 8) first++;
    if (CHECK(first + 1 < count)) {
        CHECK(list[first].in_flight == 0 && list[first].streams == 0 && list[first].last_seen == now + SECOND);
        CHECK(list[first].first_seen == now && list[first].server == GROUP.server && list[first].fresh == 0);
        CHECK(list[first + 1].in_flight == 2 && list[first + 1].streams == 1 && list[first + 1].fresh == 1);
        CHECK(list[first + 1].pod.addr.bytes[3] == 9 && list[first + 1].pod.port == 8080);
    }
    CHECK(doors_pods_idle(pods, &one.addr, 60 * SECOND, 0, now + 41 * SECOND, &idle) == DOORS_STATUS_OK);
    CHECK(idle.answer == DOORS_IDLE_BUSY && (uint64_t)idle.wait == 20 * SECOND && (uint64_t)idle.last_seen == now + SECOND);
    CHECK(doors_pods_idle(pods, &one.addr, 60 * SECOND, now, now + 41 * SECOND, &idle) == DOORS_STATUS_OK);
    CHECK(idle.answer == DOORS_IDLE_JUST_STARTED && (uint64_t)idle.wait == 20 * SECOND);
    CHECK(doors_pods_idle(pods, &one.addr, 60 * SECOND, 0, now + 61 * SECOND, &idle) == DOORS_STATUS_OK);
    CHECK(idle.answer == DOORS_IDLE_YES && idle.wait == 0 && idle.in_flight == 0);
    CHECK(doors_pods_idle(pods, &other.addr, 60 * SECOND, 0, now + 61 * SECOND, &idle) == DOORS_STATUS_OK);
    CHECK(idle.answer == DOORS_IDLE_BUSY && idle.in_flight == 2 && idle.streams == 1 && idle.wait == 0);
}

void test_pods(void) {
    doors_pods *pods = NULL;
    checking("pods", "new");
    CHECK(doors_pods_new(1, NULL) == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_pods_new(0, &pods) == DOORS_STATUS_RANGE && !pods);
    CHECK(doors_pods_new(100, &pods) == DOORS_STATUS_OK);
    checking("pods", "waited");
    waited(pods);
    checking("pods", "refused");
    refused(pods);
    checking("pods", "unreachable");
    unreachable(pods);
    checking("pods", "paced");
    paced(pods);
    checking("pods", "remembered");
    remembered(pods);
    checking("pods", "used");
    used(pods);
    checking("pods", "bounded");
    size_t count = 0;
    CHECK(doors_pods_limit(pods, 0) == DOORS_STATUS_RANGE);
    CHECK(doors_pods_limit(pods, 2) == DOORS_STATUS_OK);
    CHECK(doors_pods_list(pods, NULL, 0, &count) == DOORS_STATUS_OK && count == 2);
    doors_pods_free(pods);
    doors_pods_free(NULL);
    checking("pods", "names");
    CHECK(strcmp(doors_action_str(DOORS_ACTION_PROBE), "probe") == 0);
    CHECK(strcmp(doors_outcome_str(DOORS_OUTCOME_REFUSED), "refused") == 0);
    CHECK(strcmp(doors_verdict_str(DOORS_VERDICT_GONE), "gone") == 0);
    CHECK(strcmp(doors_idle_str(DOORS_IDLE_JUST_STARTED), "just started") == 0);
    CHECK(strcmp(doors_idle_str(0), "unknown") == 0);
    CHECK(strcmp(doors_action_str(99), "unknown") == 0);
    CHECK(strcmp(doors_outcome_str(0), "unknown") == 0);
    CHECK(strcmp(doors_verdict_str(99), "unknown") == 0);
    CHECK(sizeof(doors_pod) == 24 && sizeof(doors_group) == 40 && sizeof(doors_answer) == 32);
    CHECK(sizeof(doors_pod_state) == 104 && sizeof(doors_idle) == 32);
}
