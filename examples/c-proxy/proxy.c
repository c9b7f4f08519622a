/* A proxy for Doors apps: HTTP/1.1, blocking sockets, a thread for each connection, one request on each.
 *
 *   cc -std=c11 proxy.c $(pkg-config --cflags --libs doors_caddy) -lpthread -o proxy
 *   ./proxy 8080 config.json
 *
 * In:  requests at 127.0.0.1, and the configuration of doors_router_new(). Out: what the pods answer.
 * The library decides. What is here reads, dials, copies, waits, and looks names up: every step of the flow, and no more. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <doors_caddy.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD = 32 << 10, ADDRESSES = 64, LOOKUPS = 8 };

static doors_state *state;
static doors_source *source;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static unsigned wakes, dues; /* how often requests were to be resumed, and lookups became due; under the lock */

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static uint64_t dice(void) {
    uint64_t number = 0;
    return getrandom(&number, sizeof number, 0) < 0 ? (uint64_t)now() : number;
}

static unsigned seen(const unsigned *count) {
    pthread_mutex_lock(&lock);
    unsigned value = *count;
    pthread_mutex_unlock(&lock);
    return value;
}

/* Until a time, or until the count is another one than was seen. */
static void wait_until(int64_t until, const unsigned *count, unsigned before) {
    struct timespec time = {until / 1000000000, until % 1000000000};
    pthread_mutex_lock(&lock);
    while (*count == before && now() < until) pthread_cond_timedwait(&changed, &lock, &time);
    pthread_mutex_unlock(&lock);
}

static void start(void *(*run)(void *), void *argument) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, argument) == 0) pthread_detach(thread);
}

/* A connection to a pod or -1, and what became of the dial. */
static int dial(const doors_pod *pod, uint32_t *outcome) {
    struct sockaddr_storage to = {.ss_family = pod->addr.len == 4 ? AF_INET : AF_INET6};
    struct sockaddr_in *four = (void *)&to;
    struct sockaddr_in6 *six = (void *)&to;
    memcpy(pod->addr.len == 4 ? (void *)&four->sin_addr : (void *)&six->sin6_addr, pod->addr.bytes, pod->addr.len);
    four->sin_port = htons(pod->port); /* at the same place in both */
    struct timeval limit = {3, 0}, none = {0, 0};
    int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *outcome = DOORS_OUTCOME_OWN_FAULT;
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit); /* which bounds connect() */
    if (connect(fd, (void *)&to, pod->addr.len == 4 ? sizeof *four : sizeof *six) == 0) {
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof none);
        *outcome = DOORS_OUTCOME_CONNECTED;
        return fd;
    }
    if (errno == ECONNREFUSED) *outcome = DOORS_OUTCOME_REFUSED;
    if (errno == EHOSTUNREACH || errno == ENETUNREACH || errno == ETIMEDOUT || errno == EINPROGRESS)
        *outcome = DOORS_OUTCOME_UNREACHABLE;
    close(fd);
    return -1;
}

static void *background(void *argument);

/* Every report comes along here, those of steps too. */
static void learned(const doors_report *report) {
    pthread_mutex_lock(&lock);
    if (report->flags & DOORS_REPORT_WAKE) wakes++;
    if (report->flags & DOORS_REPORT_LOOKUPS_DUE) dues++;
    if (report->flags & (DOORS_REPORT_WAKE | DOORS_REPORT_LOOKUPS_DUE)) pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    doors_report *copy = report->flags & DOORS_REPORT_BACKGROUND ? malloc(sizeof *copy) : NULL;
    if (copy) start(background, memcpy(copy, report, sizeof *copy));
    if (report->flags & DOORS_REPORT_CHANGED)
        fprintf(stderr, "upstream %u: a pod is %s\n", report->changed_upstream, doors_verdict_str(report->changed_verdict));
}

/* A dial that the library asks for, to know more about a pod. */
static void *background(void *argument) {
    doors_report *asked = argument, report;
    uint32_t outcome;
    int fd = dial(&asked->background_pod, &outcome);
    if (fd >= 0) close(fd);
    doors_source_dialled(source, asked->background_upstream, &asked->background_pod, outcome, now(), dice(), &report);
    learned(&report);
    free(asked);
    return NULL;
}

static void look_up(const doors_lookup *lookup) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    doors_addr list[ADDRESSES];
    doors_host_report report;
    size_t count = 0;
    int failure = getaddrinfo(lookup->name, NULL, &hints, &found);
    for (struct addrinfo *one = found; one && count < ADDRESSES; one = one->ai_next) {
        doors_addr *addr = memset(&list[count++], 0, sizeof *list);
        addr->len = one->ai_family == AF_INET ? 4 : 16;
        memcpy(addr->bytes, one->ai_family == AF_INET ? (void *)&((struct sockaddr_in *)(void *)one->ai_addr)->sin_addr
                                                      : (void *)&((struct sockaddr_in6 *)(void *)one->ai_addr)->sin6_addr, addr->len);
    }
    if (found) freeaddrinfo(found);
    if (failure)
        doors_state_lookup_failed(state, lookup->host, failure == EAI_NONAME ? DOORS_LOOKUP_NOT_FOUND : DOORS_LOOKUP_FAILED,
                                  now(), dice(), &report);
    else
        doors_state_resolved(state, lookup->host, list, count, 0, 0, now(), dice(), &report);
    doors_report as_report = {.flags = report.flags};
    learned(&as_report);
}

/* The one thread that looks names up, when they are due. */
static void *driver(void *unused) {
    (void)unused;
    for (;;) {
        doors_lookup list[LOOKUPS];
        size_t count = 0;
        int64_t next = 0;
        unsigned before = seen(&dues);
        if (doors_state_due(state, now(), dice(), list, LOOKUPS, &count, &next)) abort();
        for (size_t i = 0; i < count; i++) look_up(&list[i]);
        if (!count) wait_until(next, &dues, before);
    }
}

static int send_all(int to, const char *bytes, size_t len) {
    while (len) {
        ssize_t sent = send(to, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0) return -1;
        bytes += sent, len -= (size_t)sent;
    }
    return 0;
}

/* Copies both ways until the pod has ended or the client has gone: then the answer has begun, or the outcome tells why not. */
static uint32_t copy(int client, int pod, doors_request *request) {
    struct pollfd both[2] = {{client, POLLIN, 0}, {pod, POLLIN, 0}};
    char bytes[16 << 10];
    for (int answered = 0;;) {
        if (poll(both, 2, -1) < 0) return DOORS_OUTCOME_OWN_FAULT;
        if (both[1].revents) {
            ssize_t len = recv(pod, bytes, sizeof bytes, 0);
            if (len <= 0) return answered ? DOORS_OUTCOME_ANSWERED : DOORS_OUTCOME_DROPPED;
            doors_step step;
            if (!answered++ && doors_request_answered(source, request, 0, now(), dice(), &step) == 0) learned(&step.report);
            if (send_all(client, bytes, (size_t)len)) return DOORS_OUTCOME_CANCELLED;
        } else if (both[0].revents) {
            ssize_t len = recv(client, bytes, sizeof bytes, 0);
            if (len <= 0) return DOORS_OUTCOME_CANCELLED;
            if (send_all(pod, bytes, (size_t)len)) both[0].fd = -1; /* it may have answered before */
        }
    }
}

/* An answer of the proxy's own. What a client still sends is read, or the answer would be lost with the connection. */
static void answer(int client, uint32_t status, uint32_t retry_after, uint32_t page) {
    char text[16 << 10], after[64] = "", body[128] = "";
    if (retry_after) snprintf(after, sizeof after, "Retry-After: %u\r\n", retry_after);
    if (page) snprintf(body, sizeof body, "<!doctype html><meta http-equiv=\"refresh\" content=\"%u\">One moment ...", retry_after);
    int len = snprintf(text, sizeof text, "HTTP/1.1 %u %s\r\nCache-Control: no-store\r\n%sContent-Type: text/html\r\n"
                       "Content-Length: %zu\r\nConnection: close\r\n\r\n%s", status,
                       status == 410 ? "Gone" : status == 502 ? "Bad Gateway" : "Service Unavailable", after, strlen(body), body);
    struct timeval limit = {1, 0};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    send_all(client, text, (size_t)len);
    shutdown(client, SHUT_WR);
    for (int64_t end = now() + 1000000000; now() < end && recv(client, text, sizeof text, 0) > 0;) continue;
}

/* Obeys the library until the request is over. `head` is what the client has sent so far, for the pod. */
static void obey(int client, doors_request *request, doors_step step, const char *head, size_t len) {
    for (unsigned before = 0;; ) {
        learned(&step.report);
        switch (step.kind) {
        case DOORS_STEP_DIAL: {
            uint32_t outcome;
            int pod = dial(&step.pod, &outcome);
            before = seen(&wakes);
            if (pod < 0) {
                if (doors_request_failed(source, request, outcome, now(), dice(), &step)) return;
                continue;
            }
            doors_report report;
            doors_source_dialled(source, step.upstream, &step.pod, outcome, now(), dice(), &report);
            learned(&report);
            outcome = send_all(pod, head, len) ? DOORS_OUTCOME_DROPPED : copy(client, pod, request);
            close(pod);
            before = seen(&wakes);
            if (outcome == DOORS_OUTCOME_ANSWERED || doors_request_next(source, request, outcome, now(), dice(), &step)) return;
            if (step.kind == DOORS_STEP_DONE && outcome != DOORS_OUTCOME_CANCELLED) answer(client, 502, 0, 0);
            continue;
        }
        case DOORS_STEP_WAIT:
            wait_until(step.until, &wakes, before);
            before = seen(&wakes);
            if (doors_request_resume(source, request, now(), dice(), &step)) return;
            continue;
        case DOORS_STEP_ANSWER:
            answer(client, step.status, step.retry_after, step.page);
            return;
        default: /* DOORS_STEP_DONE; DOORS_STEP_CHOOSE comes only to those who ask for it */
            return;
        }
    }
}

/* Reads the head of a request, tells the library what it needs of it, and ends connections after this one request. */
static void *serve(void *argument) {
    int client = (int)(intptr_t)argument;
    static const char CLOSE[] = "Connection: close\r\n";
    char in[HEAD + 1], out[HEAD + sizeof CLOSE], cookies[HEAD] = "", *end = NULL;
    size_t len = 0, used = 0, has_body = 0;
    for (ssize_t got; !end && len < HEAD && (got = recv(client, in + len, HEAD - len, 0)) > 0; end = strstr(in, "\r\n\r\n"))
        len += (size_t)got, in[len] = 0;
    char *path = end ? memchr(in, ' ', (size_t)(end - in)) : NULL;
    if (path) {
        size_t path_len = strcspn(++path, " \r\n");
        uint32_t method = !strncmp(in, "GET ", 4) ? DOORS_METHOD_GET : !strncmp(in, "HEAD ", 5) ? DOORS_METHOD_HEAD : DOORS_METHOD_OTHER;
        for (char *line = in, *next; line < end + 2; line = next) {
            next = strstr(line, "\r\n") + 2;
            if (!strncasecmp(line, "cookie:", 7))
                strcat(strncat(cookies, line + 7, (size_t)(next - 2 - line - 7)), "; ");
            has_body |= (!strncasecmp(line, "content-length:", 15) && atoll(line + 15)) || !strncasecmp(line, "transfer-encoding:", 18);
            if (strncasecmp(line, "connection:", 11)) memcpy(out + used, line, (size_t)(next - line)), used += (size_t)(next - line);
        }
        memcpy(out + used, CLOSE, sizeof CLOSE - 1), used += sizeof CLOSE - 1;
        memcpy(out + used, end + 2, len - (size_t)(end + 2 - in)), used += len - (size_t)(end + 2 - in);
        doors_request request;
        doors_step step;
        if (doors_request_begin(source, method, (uint32_t)has_body, path, path_len, cookies, strlen(cookies), now(), dice(), &request, &step) == 0) {
            obey(client, &request, step, out, used);
            doors_request_ended(source, &request, now());
        }
    }
    close(client);
    return NULL;
}

int main(int count, char **arguments) {
    static char json[1 << 20];
    FILE *file = count == 3 ? fopen(arguments[2], "r") : NULL;
    size_t len = file ? fread(json, 1, sizeof json, file) : 0;
    doors_error error = {.message = "usage: proxy PORT CONFIG"};
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(count == 3 ? arguments[1] : "0")), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &monotonic);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (!file || doors_abi() != DOORS_ABI || doors_state_new(NULL, &state) || doors_source_new(state, json, len, NULL, &source, &error) ||
        bind(listener, (void *)&here, sizeof here) || listen(listener, 1024))
        return fprintf(stderr, "proxy: %s\n", error.message), 1;
    start(driver, NULL);
    for (int client; (client = accept(listener, NULL, NULL)) >= 0;) start(serve, (void *)(intptr_t)client);
    return 1;
}
