/* Pods, groups, numbers and times that make no sense. */
#include "hostile.h"

#include <stdlib.h>
#include <string.h>

enum { MANY = 30000 };

static doors_pod pod_of(uint32_t number) {
    doors_pod pod = {{{10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}, 4}, 8080, 0};
    return pod;
}

static void pods_lengths(doors_pods *pods) {
    static const uint32_t WRONG[] = {0, 1, 3, 5, 15, 17, 255, INT32_MAX, UINT32_MAX};
    static const doors_group GROUP = {1, 1, 1, 1, 1, 1};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        doors_pod pod = pod_of(7), list[2] = {pod_of(8), pod_of(9)};
        doors_answer answer;
        uint32_t verdict;
        uint8_t failed[2];
        untouched_set(&answer, sizeof answer);
        untouched_set(&verdict, sizeof verdict);
        untouched_set(failed, sizeof failed);
        pod.addr.len = list[1].addr.len = WRONG[i];
        CHECK(doors_pods_began(pods, &GROUP, &pod, DOORS_PATH_SYNC, 1, &answer) == DOORS_STATUS_ADDRESS);
        CHECK(doors_pods_ended(pods, &GROUP, &pod, DOORS_PATH_SYNC, DOORS_OUTCOME_REFUSED, 1, &answer) ==
              DOORS_STATUS_ADDRESS);
        CHECK(doors_pods_verdict(pods, &pod, &verdict) == DOORS_STATUS_ADDRESS);
        CHECK(doors_pods_resolved(pods, 1, list, 2) == DOORS_STATUS_ADDRESS);
        CHECK(doors_pods_failed_recently(pods, list, 2, 1, failed) == DOORS_STATUS_ADDRESS);
        CHECK(untouched(&answer, sizeof answer) && untouched(&verdict, sizeof verdict));
        CHECK(untouched(failed, sizeof failed));
        doors_idle idle;
        untouched_set(&idle, sizeof idle);
        CHECK(doors_pods_entered(pods, &GROUP, &pod, 1, 1) == DOORS_STATUS_ADDRESS);
        CHECK(doors_pods_left(pods, &pod, 1, 1) == DOORS_STATUS_ADDRESS);
        CHECK(doors_pods_idle(pods, &pod.addr, 1, 1, 1, &idle) == DOORS_STATUS_ADDRESS);
        CHECK(untouched(&idle, sizeof idle));
    }
    /* Lists that no memory holds: nothing may be read. */
    doors_pod one = pod_of(1);
    uint8_t failed;
    CHECK(doors_pods_resolved(pods, 1, &one, SIZE_MAX) == DOORS_STATUS_TOO_LARGE);
    CHECK(doors_pods_resolved(pods, 1, &one, SIZE_MAX / sizeof one + 1) == DOORS_STATUS_TOO_LARGE);
    CHECK(doors_pods_failed_recently(pods, &one, SIZE_MAX / 2, 1, &failed) == DOORS_STATUS_TOO_LARGE);
}

static void pods_numbers(doors_pods *pods) {
    static const uint32_t WRONG[] = {6, 7, 255, 65536, INT32_MAX, UINT32_MAX};
    static const doors_group GROUP = {1, 1, 1, 1, 1, 1};
    doors_pod pod = pod_of(7);
    doors_answer answer;
    untouched_set(&answer, sizeof answer);
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        CHECK(doors_pods_began(pods, &GROUP, &pod, WRONG[i], 1, &answer) == DOORS_STATUS_NO_MATCH);
        CHECK(doors_pods_ended(pods, &GROUP, &pod, WRONG[i], DOORS_OUTCOME_REFUSED, 1, &answer) ==
              DOORS_STATUS_NO_MATCH);
        CHECK(doors_pods_ended(pods, &GROUP, &pod, DOORS_PATH_SYNC, WRONG[i] + (WRONG[i] < 7 ? 2 : 1), 1,
                               &answer) == DOORS_STATUS_NO_MATCH);
        CHECK(doors_pods_refused_token(pods, &GROUP, WRONG[i], DOORS_PATH_SYNC, 1, &answer) == DOORS_STATUS_NO_MATCH);
        CHECK(doors_pods_refused_token(pods, &GROUP, DOORS_REASON_REFUSED, WRONG[i], 1, &answer) ==
              DOORS_STATUS_NO_MATCH);
    }
    CHECK(doors_pods_ended(pods, &GROUP, &pod, DOORS_PATH_SYNC, 0, 1, &answer) == DOORS_STATUS_NO_MATCH);
    CHECK(untouched(&answer, sizeof answer));
}

/* What a call returns whose times are these: those above INT64_MAX are negative ones of other languages. */
static int32_t status_of(uint64_t one, uint64_t other, uint64_t third) {
    return one > INT64_MAX || other > INT64_MAX || third > INT64_MAX ? DOORS_STATUS_RANGE : DOORS_STATUS_OK;
}

/* Clocks that jump, and options at the ends of their ranges. */
static void pods_times(doors_pods *pods) {
    static const uint64_t TIMES[] = {0, 1, UINT64_MAX, 5, INT64_MAX, 1000000000, (uint64_t)1 << 63, 0};
    static const uint32_t RATES[] = {0, 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof TIMES / sizeof *TIMES; i++)
        for (size_t j = 0; j < sizeof TIMES / sizeof *TIMES; j++)
            for (size_t k = 0; k < sizeof RATES / sizeof *RATES; k++) {
                uint64_t now = TIMES[i], since = TIMES[j];
                doors_group group = {UINT64_MAX, since, since, TIMES[(j + k) % 8], RATES[k], RATES[j % 3]};
                doors_pod pod = pod_of((uint32_t)j);
                doors_answer answer;
                int32_t status = status_of(now, group.gone_after, group.page_wait);
                untouched_set(&answer, sizeof answer);
                CHECK(doors_pods_ended(pods, &group, &pod, DOORS_PATH_SYNC, 1 + (uint32_t)(i + j + k) % 7, now,
                                       &answer) == status);
                CHECK(status ? untouched(&answer, sizeof answer)
                             : answer.action <= DOORS_ACTION_UNAVAILABLE && answer.verdict <= DOORS_VERDICT_GONE);
                CHECK(doors_pods_began(pods, &group, &pod, DOORS_PATH_SYNC, now, &answer) == status);
                CHECK(status ? untouched(&answer, sizeof answer)
                             : answer.action >= DOORS_ACTION_DIAL && answer.action <= DOORS_ACTION_UNAVAILABLE);
                CHECK(doors_pods_refused_token(pods, &group, DOORS_REASON_REFUSED, DOORS_PATH_SYNC, now, &answer) ==
                      status);
                CHECK(status ? untouched(&answer, sizeof answer) : answer.reserved == 0);
                status = status_of(status ? UINT64_MAX : now, since, 0);
                CHECK(doors_pods_wait(pods, &group, since, RATES[k], now, &answer) == status);
                if (!status) CHECK((answer.action == DOORS_ACTION_WAIT) == (answer.until > now));
                doors_idle idle;
                status = status_of(now, group.gone_after, group.page_wait);
                CHECK(doors_pods_entered(pods, &group, &pod, RATES[k], now) == status);
                CHECK(doors_pods_left(pods, &pod, RATES[j % 3], since) == status_of(since, 0, 0));
                CHECK(doors_pods_left(pods, &pod, 1, now) == status_of(now, 0, 0));
                status = status_of(now, since, TIMES[(i + k) % 8]);
                untouched_set(&idle, sizeof idle);
                CHECK(doors_pods_idle(pods, &pod.addr, now, since, TIMES[(i + k) % 8], &idle) == status);
                if (status) CHECK(untouched(&idle, sizeof idle));
                else {
                    CHECK(idle.in_flight == 0 && idle.streams == 0 && idle.used <= 1);
                    CHECK((idle.answer == DOORS_IDLE_YES) == (idle.wait == 0));
                }
                uint8_t failed = 7;
                CHECK(doors_pods_failed_recently(pods, &pod, 1, now, &failed) == status_of(now, 0, 0));
                CHECK((failed == 7) == (now > INT64_MAX));
                CHECK(doors_pods_failed_recently(pods, NULL, 0, now, NULL) == status_of(now, 0, 0));
            }
}

/* No table can be without room; a huge bound takes no memory by itself. */
static void pods_bounds(void) {
    doors_pods *pods;
    untouched_set(&pods, sizeof pods);
    CHECK(doors_pods_new(0, &pods) == DOORS_STATUS_RANGE && untouched(&pods, sizeof pods));
    if (!CHECK(doors_pods_new(UINT32_MAX, &pods) == DOORS_STATUS_OK)) return;
    CHECK(doors_pods_limit(pods, 0) == DOORS_STATUS_RANGE);
    CHECK(doors_pods_limit(pods, 1) == DOORS_STATUS_OK && doors_pods_limit(pods, UINT32_MAX) == DOORS_STATUS_OK);
    doors_pods_free(pods);
}

/* More pods than are remembered, each with a refusal, then all at once. */
static void pods_many(void) {
    static const doors_group GROUP = {1, 1, 1000000000, 1000000000, 100, 10};
    doors_pods *pods = pods_make();
    doors_pod *list = (doors_pod *)filled(0, MANY * sizeof *list);
    uint8_t *failed = (uint8_t *)filled(0, MANY);
    doors_answer answer;
    uint32_t refused = 0, verdict;
    for (uint32_t i = 0; i < MANY; i++) {
        list[i] = pod_of(i);
        refused += doors_pods_ended(pods, &GROUP, &list[i], DOORS_PATH_HOOK, DOORS_OUTCOME_REFUSED, i, &answer) ==
                       DOORS_STATUS_OK &&
                   answer.verdict == DOORS_VERDICT_GONE;
    }
    CHECK(refused == MANY);
    CHECK(doors_pods_failed_recently(pods, list, MANY, MANY, failed) == DOORS_STATUS_OK);
    CHECK(failed[0] == 0 && failed[MANY - 1] == 1);
    CHECK(doors_pods_resolved(pods, 1, list, MANY) == DOORS_STATUS_OK);
    CHECK(doors_pods_verdict(pods, &list[MANY - 1], &verdict) == DOORS_STATUS_OK && verdict == DOORS_VERDICT_NONE);
    free(failed);
    free(list);
    doors_pods_free(pods);
}

/* More pods than are remembered, all in use; then each end twice. */
static void pods_used(void) {
    static const doors_group GROUP = {1, 1, 1000000000, 1000000000, 100, 10};
    doors_pods *pods = pods_make();
    uint32_t wrong = 0;
    size_t known = 0, told = 0;
    doors_idle idle;
    for (uint32_t i = 0; i < MANY; i++) {
        doors_pod pod = pod_of(i);
        wrong += doors_pods_entered(pods, &GROUP, &pod, 1, i) != DOORS_STATUS_OK;
    }
    CHECK(doors_pods_list(pods, NULL, 0, &known) == DOORS_STATUS_OK && known > 0 && known < MANY);
    doors_pod_state *list = (doors_pod_state *)filled(0, known * sizeof *list);
    CHECK(doors_pods_list(pods, list, known / 2, &told) == DOORS_STATUS_OK && told == known);
    CHECK(list[known / 2].in_flight == 0);
    CHECK(doors_pods_list(pods, list, known, &told) == DOORS_STATUS_OK && told == known);
    for (size_t i = 1; i < known; i++)
        wrong += memcmp(list[i - 1].pod.addr.bytes, list[i].pod.addr.bytes, 4) >= 0 || list[i].streams != 1;
    free(list);
    /* The first was forgotten, but not that it has a request; another was never used. */
    doors_pod one = pod_of(0), other = pod_of(1 << 20);
    CHECK(doors_pods_idle(pods, &one.addr, 1, 0, MANY, &idle) == DOORS_STATUS_OK && idle.answer == DOORS_IDLE_BUSY);
    CHECK(doors_pods_idle(pods, &other.addr, 1, 0, MANY, &idle) == DOORS_STATUS_OK && idle.answer == DOORS_IDLE_YES);
    for (uint32_t i = 0; i < 2 * MANY; i++) {
        doors_pod pod = pod_of(i / 2);
        wrong += doors_pods_left(pods, &pod, 1, MANY) != DOORS_STATUS_OK;
    }
    CHECK(doors_pods_idle(pods, &one.addr, 1, 0, 2 * MANY, &idle) == DOORS_STATUS_OK && idle.answer == DOORS_IDLE_YES);
    CHECK(wrong == 0);
    doors_pods_free(pods);
}

void hostile_pods(void) {
    doors_pods *pods = pods_make();
    pods_lengths(pods);
    pods_numbers(pods);
    pods_times(pods);
    doors_pods_free(pods);
    pods_bounds();
    pods_many();
    pods_used();
}
