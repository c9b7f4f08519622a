/* Hostile use of requests: memory that was never a request, nonsensical values, threads that share a source. */
#include "hostile.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

static const doors_pod POD = {{{10, 0, 0, 7}, 4}, 8080, 0};

static doors_source *source_make(doors_state **state, const doors_options *options) {
    doors_source *made;
    if (doors_state_new(NULL, state) || doors_source_new(*state, CONFIG, strlen(CONFIG), options, &made, NULL)) abort();
    return made;
}

/* Makes the lookups that are due. Every host has two pods. */
static void resolve(doors_state *state, int64_t now) {
    static const doors_addr PODS[] = {{{10, 0, 0, 7}, 4}, {{10, 0, 0, 8}, 4}};
    doors_lookup *lookup = (doors_lookup *)filled(0x5a, sizeof *lookup);
    size_t count;
    int64_t next;
    /* At the end of time a lookup is immediately due again. */
    for (int round = 0; round < 10; round++) {
        CHECK(doors_state_due(state, now, 1, lookup, 1, &count, &next) == DOORS_STATUS_OK);
        if (count == 0) break;
        doors_host_report report;
        CHECK(lookup->name_len == strlen(lookup->name) && lookup->reserved == 0);
        CHECK(doors_state_resolved(state, lookup->host, PODS, 2, 0, 0, now, 1, &report) == DOORS_STATUS_OK);
    }
    free(lookup);
}

static int32_t begin(doors_source *source, const char *path, size_t len, int64_t now, doors_request *request,
                     doors_step *step) {
    return doors_request_begin(source, DOORS_METHOD_GET, 0, path, len, NULL, 0, now, 1, request, step);
}

static void flow_nulls(doors_state *state, doors_source *source) {
    doors_request request = {{0}};
    doors_step step;
    doors_report report;
    doors_host_report changed;
    doors_host_state host;
    doors_decision decision;
    doors_idle idle;
    doors_eviction eviction = {{{10, 0, 0, 1}, 4}, 32, 0, 0, 0, 0, 0, {0}};
    doors_lookup lookup;
    size_t count;
    int64_t next;
    uint64_t number;
    uint32_t verdict;
    const int32_t got[] = {
        doors_limits_init(NULL), doors_options_init(NULL), doors_state_new(NULL, NULL), doors_state_limit(NULL, 1),
        doors_state_pods(NULL, NULL, NULL, 0, &count, &count), doors_state_pods(state, NULL, NULL, 1, &count, &count),
        doors_state_verdict(state, NULL, &verdict), doors_state_idle(state, NULL, 1, 1, 1, &idle),
        doors_state_evict(NULL, &eviction, 0), doors_state_evict(state, NULL, 0), doors_state_undo(NULL, &eviction, 0),
        doors_state_undo(state, NULL, 0), doors_state_evictions(state, NULL, 1, &count),
        doors_state_evictions(NULL, NULL, 0, &count), doors_state_events(state, 0, NULL, 1, &count),
        doors_state_events(state, 0, NULL, 0, NULL),
        doors_state_due(NULL, 0, 1, &lookup, 1, &count, &next), doors_state_due(state, 0, 1, NULL, 1, &count, &next),
        doors_state_resolved(NULL, 1, NULL, 0, 0, 0, 0, 1, &changed),
        doors_state_resolved(state, 1, NULL, 1, 0, 0, 0, 1, &changed),
        doors_state_resolved_late(state, 1, NULL, 1, 0, &changed), doors_state_lookup_failed(NULL, 1, 1, 0, 1, &changed),
        doors_state_host(state, 1, 0, NULL, NULL, 0, &count), doors_state_host(state, 1, 0, &host, NULL, 1, &count),
        doors_source_new(NULL, CONFIG, strlen(CONFIG), NULL, NULL, NULL),
        doors_source_dialled(source, 0, NULL, DOORS_OUTCOME_REFUSED, 0, 1, &report),
        doors_source_use(NULL, 0, 0, &report), doors_source_use(source, 0, 0, NULL),
        doors_source_upstream(source, 0, NULL, &number), doors_source_fresh(source, 0, NULL, 1, &count, &count),
        begin(source, NULL, 1, 0, &request, &step), begin(source, NULL, 0, 0, NULL, &step),
        begin(source, NULL, 0, 0, &request, NULL), begin(NULL, NULL, 0, 0, &request, &step),
        doors_request_next(source, NULL, DOORS_OUTCOME_REFUSED, 0, 1, &step),
        doors_request_failed(source, &request, DOORS_OUTCOME_REFUSED, 0, 1, NULL),
        doors_request_resume(NULL, &request, 0, 1, &step), doors_request_choices(source, &request, 0, NULL, 1, &count, &report),
        doors_request_chose(source, &request, 0, NULL, 0, &step), doors_request_chose_none(source, NULL, 0, 1, &step),
        doors_request_give_up(source, NULL, 0, 0, 1, &step), doors_request_answered(source, NULL, 0, 0, 1, &step),
        doors_request_ended(source, NULL, 0), doors_request_decision(source, NULL, &decision),
    };
    for (size_t i = 0; i < sizeof got / sizeof *got; i++) CHECK(got[i] == DOORS_STATUS_NULL_POINTER);
    CHECK(doors_source_router(NULL) == NULL);
    doors_state_free(NULL);
    doors_source_free(NULL);
}

/* A request that was not begun has 0 in its first 8 bytes. The rest may be anything. */
static void flow_strangers(doors_source *source) {
    doors_request *request = (doors_request *)filled(0x5a, sizeof *request);
    doors_step step;
    doors_report report;
    doors_decision decision;
    doors_place place;
    size_t count;
    request->opaque[0] = 0;
    for (uint32_t outcome = 0; outcome < 10; outcome++) {
        int32_t known = outcome >= 1 && outcome <= 7 ? DOORS_STATUS_OK : DOORS_STATUS_RANGE;
        CHECK(doors_request_next(source, request, outcome, 0, 1, &step) == known && (known || step.kind == DOORS_STEP_DONE));
        CHECK(doors_request_failed(source, request, outcome, 0, 1, &step) == known);
        CHECK(doors_request_give_up(source, request, outcome, 0, 1, &step) == (outcome ? known : DOORS_STATUS_OK));
    }
    CHECK(doors_request_resume(source, request, 0, 1, &step) == DOORS_STATUS_OK && step.kind == DOORS_STEP_DONE);
    CHECK(doors_request_choices(source, request, 0, &place, 1, &count, &report) == DOORS_STATUS_OK && count == 0);
    CHECK(doors_request_chose(source, request, UINT32_MAX, &POD, 0, &step) == DOORS_STATUS_OK);
    CHECK(doors_request_chose_none(source, request, 0, 1, &step) == DOORS_STATUS_OK && step.kind == DOORS_STEP_DONE);
    CHECK(doors_request_answered(source, request, DOORS_MARK_REFUSED, 0, 1, &step) == DOORS_STATUS_OK && step.report.flags == 0);
    CHECK(doors_request_answered(source, request, 4, 0, 1, &step) == DOORS_STATUS_RANGE);
    CHECK(doors_request_decision(source, request, &decision) == DOORS_STATUS_NO_MATCH);
    CHECK(doors_request_ended(source, request, 0) == DOORS_STATUS_OK);
    for (size_t i = 1; i < sizeof request->opaque / sizeof *request->opaque; i++) CHECK(request->opaque[i] == UINT64_C(0x5a5a5a5a5a5a5a5a));
    free(request);
}

/* One request from beginning to end, in a block of exactly its size, with clocks that jump. */
static void flow_request(doors_state *state, doors_source *source) {
    static const int64_t TIMES[] = {0, INT64_MAX, 1, -1, SECOND, INT64_MIN};
    doors_request *request = (doors_request *)filled((char)0xff, sizeof *request);
    doors_step *step = (doors_step *)filled(0, sizeof *step);
    for (size_t i = 0; i < 1000; i++) {
        int64_t now = i < 6 ? TIMES[i] : (int64_t)i * SECOND / 7;
        int32_t status = begin(source, "/", 1, now, request, step);
        CHECK(status == DOORS_STATUS_OK);
        resolve(state, now);
        CHECK(doors_request_resume(source, request, now, i, step) == DOORS_STATUS_OK);
        while (step->kind == DOORS_STEP_DIAL && i % 3 == 0) {
            uint32_t outcome = 2 + (uint32_t)i % 6;
            CHECK(doors_request_failed(source, request, outcome, now, i, step) == DOORS_STATUS_OK);
        }
        doors_report report;
        CHECK(doors_source_dialled(source, step->upstream + (i % 2 ? 1000 : 0), &POD, DOORS_OUTCOME_CONNECTED, now, i,
                                   &report) == DOORS_STATUS_OK);
        CHECK(doors_request_answered(source, request, (uint32_t)i % 4, now, i, step) == DOORS_STATUS_OK);
        if (i % 5) CHECK(doors_request_ended(source, request, now) == DOORS_STATUS_OK);
    }
    free(request);
    free(step);
}

static void flow_limits(doors_state *state) {
    doors_limits limits;
    doors_options options;
    doors_state *other;
    doors_source *source;
    CHECK(doors_limits_init(&limits) == DOORS_STATUS_OK && doors_options_init(&options) == DOORS_STATUS_OK);
    CHECK(doors_state_limit(state, 0) == DOORS_STATUS_RANGE && doors_state_limit(state, 1) == DOORS_STATUS_OK);
    limits.max_pods = limits.max_waiting = limits.max_lookups = limits.max_slow_lookups = UINT32_MAX;
    limits.refreshes_per_second = UINT32_MAX;
    if (!CHECK(doors_state_new(&limits, &other) == DOORS_STATUS_OK)) return;
    options.gone_after = options.page_wait = options.refresh = options.stale_max = options.first_lookup = INT64_MAX;
    options.drain_max = options.roll_time = INT64_MAX;
    options.gone_rate = UINT32_MAX;
    options.flags = DOORS_OPTION_USER_CHOOSES | DOORS_OPTION_USER_RETRIES;
    if (CHECK(doors_source_new(other, CONFIG, strlen(CONFIG), &options, &source, NULL) == DOORS_STATUS_OK)) {
        doors_request request;
        doors_step step;
        CHECK(begin(source, "/", 1, INT64_MAX, &request, &step) == DOORS_STATUS_OK);
        /* The state is freed first: the source keeps alive what it needs. */
        doors_state_free(other);
        CHECK(doors_request_resume(source, &request, 0, UINT64_MAX, &step) == DOORS_STATUS_OK);
        doors_source_free(source);
    }
    options.flags = UINT32_MAX;
    CHECK(doors_source_new(state, CONFIG, strlen(CONFIG), &options, &source, NULL) == DOORS_STATUS_RANGE);
}

/* The maximum number of evictions, in lists that are too short, with times that jump. */
static void flow_evictions(doors_state *state) {
    doors_eviction eviction = {{{10, 0, 0, 1}, 4}, 32, 0, UINT32_MAX, DOORS_EVICT_IDLE_FIRST, 0, 0, {0}}, list[2];
    doors_event events[2];
    size_t count;
    for (uint32_t last = 0; last <= 256; last++) {
        eviction.addr.bytes[2] = (uint8_t)(last / 256), eviction.addr.bytes[3] = (uint8_t)last;
        CHECK(doors_state_evict(state, &eviction, last % 2 ? INT64_MAX : INT64_MIN) ==
              (last == 256 ? DOORS_STATUS_TOO_MANY : DOORS_STATUS_OK));
    }
    CHECK(doors_state_evictions(state, list, 2, &count) == DOORS_STATUS_OK && count == 256 && list[1].addr.bytes[3] == 1);
    CHECK(doors_state_events(state, 0, events, 2, &count) == DOORS_STATUS_OK && count == 256);
    CHECK(doors_state_events(state, UINT64_MAX, NULL, 0, &count) == DOORS_STATUS_OK && count == 0);
    eviction.bits = UINT32_MAX;
    CHECK(doors_state_evict(state, &eviction, 0) == DOORS_STATUS_CIDR);
    eviction.bits = 32, eviction.addr.len = UINT32_MAX;
    CHECK(doors_state_evict(state, &eviction, 0) == DOORS_STATUS_ADDRESS);
    eviction.addr.len = 4, eviction.flags = UINT32_MAX;
    CHECK(doors_state_undo(state, &eviction, 0) == DOORS_STATUS_RANGE);
    eviction.flags = 0, eviction.addr.bytes[2] = 0;
    for (uint32_t last = 0; last < 256; last++) {
        eviction.addr.bytes[3] = (uint8_t)last;
        CHECK(doors_state_undo(state, &eviction, INT64_MIN) == DOORS_STATUS_OK);
    }
    CHECK(doors_state_undo(state, &eviction, 0) == DOORS_STATUS_NO_MATCH);
}

static void flow_people(doors_state *state, doors_source *source) {
    doors_known_pod pods[2];
    doors_host_state host;
    doors_addr addr[1];
    doors_pod fresh[1];
    doors_idle idle;
    size_t count, known, inside;
    doors_report report;
    uint64_t number, upstream;
    uint32_t verdict;
    CHECK(doors_state_pods(state, NULL, pods, 2, &count, &known) == DOORS_STATUS_OK && count <= 2 && count <= known);
    CHECK(doors_state_pods(state, &POD, pods, 2, &count, &known) == DOORS_STATUS_OK);
    CHECK(doors_state_verdict(state, &POD, &verdict) == DOORS_STATUS_OK && verdict <= DOORS_VERDICT_GONE);
    CHECK(doors_state_idle(state, &POD.addr, 1, INT64_MAX, INT64_MAX, &idle) == DOORS_STATUS_OK);
    flow_evictions(state);
    CHECK(doors_source_use(source, UINT32_MAX, INT64_MIN, &report) == DOORS_STATUS_OK && report.flags == 0);
    CHECK(doors_source_use(source, 0, INT64_MAX, &report) == DOORS_STATUS_OK);
    CHECK(doors_source_upstream(source, UINT32_MAX, &number, &upstream) == DOORS_STATUS_NO_MATCH);
    CHECK(doors_source_upstream(source, 0, &number, &upstream) == DOORS_STATUS_OK);
    CHECK(doors_source_fresh(source, 0, fresh, 1, &inside, &count) == DOORS_STATUS_OK && count == 2 && inside == 2);
    CHECK(doors_source_fresh(source, UINT32_MAX, NULL, 0, &inside, &count) == DOORS_STATUS_NO_MATCH);
    CHECK(doors_state_host(state, number, INT64_MAX, &host, addr, 1, &count) == DOORS_STATUS_OK && count == 2);
    CHECK(strcmp(host.name, "blue") == 0 && host.name_len == 4 && host.reserved == 0);
    CHECK(doors_state_host(state, UINT64_MAX, 0, &host, NULL, 0, &count) == DOORS_STATUS_NO_MATCH);
    CHECK(strcmp(doors_step_str(UINT32_MAX), "unknown") == 0 && strcmp(doors_cause_str(0), "unknown") == 0);
    CHECK(strcmp(doors_lookup_str(UINT32_MAX), "unknown") == 0 && strcmp(doors_host_str(8), "unknown") == 0);
    CHECK(strcmp(doors_event_str(0), "unknown") == 0 && strcmp(doors_event_str(DOORS_EVENT_ALIVE), "alive") == 0);
}

struct worker {
    doors_state *state;
    doors_source *source;
    uint64_t seed;
    unsigned wrong;
};

static void *work(void *argument) {
    struct worker *worker = argument;
    doors_request request;
    doors_step step;
    doors_report report;
    for (uint64_t n = 0; n < 2000; n++) {
        int64_t now = SECOND + (int64_t)n * SECOND / 100;
        uint32_t outcome = 1 + (uint32_t)(worker->seed + n) % 7;
        int32_t status = begin(worker->source, "/", 1, now, &request, &step);
        for (int i = 0; status == 0 && step.kind == DOORS_STEP_DIAL && outcome != DOORS_OUTCOME_CONNECTED && i < 9; i++) {
            status = doors_request_failed(worker->source, &request, outcome, now, n, &step);
        }
        status |= doors_source_dialled(worker->source, 0, &POD, outcome, now, n, &report);
        status |= doors_request_answered(worker->source, &request, (uint32_t)n % 4, now, n, &step);
        if (n % 50 == 0) {
            doors_known_pod pods[2];
            size_t count, known;
            status |= doors_state_pods(worker->state, NULL, pods, 2, &count, &known);
            status |= doors_state_limit(worker->state, 1 + (uint32_t)n);
            doors_eviction eviction = {POD.addr, 32, 0, 1, (uint32_t)n / 50 % 2, 0, 0, {0}};
            doors_event events[2];
            status |= doors_state_evict(worker->state, &eviction, now);
            (void)doors_state_undo(worker->state, &eviction, now);
            status |= doors_state_events(worker->state, n, events, 2, &count);
        }
        status |= doors_request_ended(worker->source, &request, now);
        worker->wrong += status != 0;
    }
    return NULL;
}

static void flow_threads(void) {
    doors_state *state;
    doors_source *source = source_make(&state, NULL);
    struct worker workers[4];
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        workers[i] = (struct worker){state, source, i, 0};
        if (pthread_create(&threads[i], NULL, work, &workers[i])) abort();
    }
    for (uint64_t n = 0; n < 200; n++) {
        doors_lookup lookups[2];
        doors_host_report report;
        size_t count;
        int64_t next, now = SECOND + (int64_t)n * SECOND / 10;
        if (doors_state_due(state, now, n, lookups, 2, &count, &next)) abort();
        for (size_t i = 0; i < count; i++) {
            CHECK(doors_state_resolved(state, lookups[i].host, &POD.addr, n % 2, 0, 0, now, n, &report) == DOORS_STATUS_OK);
            CHECK(doors_state_lookup_failed(state, lookups[i].host, DOORS_LOOKUP_TIMEOUT, now, n, &report) == DOORS_STATUS_OK);
            CHECK(doors_state_resolved_late(state, lookups[i].host, &POD.addr, 1, now, &report) == DOORS_STATUS_OK);
        }
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        CHECK(workers[i].wrong == 0);
    }
    doors_source_free(source);
    doors_state_free(state);
}

void hostile_flow(void) {
    doors_state *state;
    doors_source *source = source_make(&state, NULL);
    uint32_t count;
    CHECK(doors_router_upstreams(doors_source_router(source), &count) == DOORS_STATUS_OK && count == 2);
    flow_nulls(state, source);
    flow_strangers(source);
    flow_request(state, source);
    flow_people(state, source);
    flow_limits(state);
    doors_source_free(source);
    doors_state_free(state);
    flow_threads();
}
