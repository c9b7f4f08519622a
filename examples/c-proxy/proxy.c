/* An HTTP/1.1 proxy for Doors apps with blocking sockets, a thread per connection and one request per
 * connection. For Linux.
 *
 *   cc -std=c11 proxy.c $(pkg-config --cflags --libs doors_caddy) -lpthread -o proxy
 *   ./proxy 8080 < config.json
 *
 * It listens on 127.0.0.1 and reads the configuration of doors_router_new() from standard input. The library
 * makes all decisions. This file only reads, dials, copies, waits and looks names up.
 *
 * The library states when it must be called again: at a certain time, or after a report with DOORS_REPORT_WAKE or
 * DOORS_REPORT_LOOKUPS_DUE. Extra calls are harmless. The threads wait for sockets anyway, so they call it every 10 ms.
 * */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <doors_caddy.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
enum { HEAD = 32 << 10, ADDRESSES = 64, LOOKUPS = 8, PAUSE = 10 /* ms */ };

static doors_state *state;   /* what the process knows */
static doors_source *source; /* the configuration in use */

/* Each call takes the time and a random number. */
static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static uint64_t dice(void) {
    uint64_t number;
    if (getentropy(&number, sizeof number)) abort();
    return number;
}

/* Runs a function in a thread with a copy of its argument, which the function frees. Returns 0 if no thread
 * can be created. */
static int start(void *(*run)(void *), const void *argument, size_t size) {
    pthread_t thread;
    void *copy = malloc(size);
    if (copy && !pthread_create(&thread, NULL, run, memcpy(copy, argument, size))) return !pthread_detach(thread);
    free(copy);
    return 0;
}

typedef union { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; } address;

static void *bytes_of(address *of) {
    return of->any.sa_family == AF_INET ? (void *)&of->v4.sin_addr : (void *)&of->v6.sin6_addr;
}

/* Looks up one host and reports the result. */
static void *look_up(void *argument) {
    doors_lookup *lookup = argument;
    doors_addr list[ADDRESSES] = {0};
    doors_host_report report;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    size_t count = 0;
    int failure = getaddrinfo(lookup->name, NULL, &hints, &found);
    for (struct addrinfo *one = found; one && count < ADDRESSES; one = one->ai_next, count++) {
        list[count].len = one->ai_family == AF_INET ? 4 : 16;
        memcpy(list[count].bytes, bytes_of((address *)(void *)one->ai_addr), list[count].len);
    }
    if (found) freeaddrinfo(found);
    uint32_t missing = failure && failure != EAI_NONAME ? DOORS_MISSING_IPV4 | DOORS_MISSING_IPV6 : 0;
    uint32_t why = missing ? DOORS_LOOKUP_FAILED : 0;
    doors_state_resolved(state, lookup->host, list, count, missing, why, now(), dice(), &report);
    free(lookup);
    return NULL;
}

static void *dial_in_background(void *argument);

/* Acts on a report. Its other flags are for logs. */
static void heed(const doors_report *report) {
    if (report->flags & DOORS_REPORT_BACKGROUND) start(dial_in_background, report, sizeof *report);
}

/* Dials a pod and reports the outcome. Returns the connection, or -1. */
static int dial(uint32_t upstream, const doors_pod *pod, uint32_t *outcome) {
    address to = {.v6 = {.sin6_port = htons(pod->port)}}; /* same offset in both */
    to.any.sa_family = pod->addr.len == 4 ? AF_INET : AF_INET6;
    memcpy(bytes_of(&to), pod->addr.bytes, pod->addr.len);
    int fd = socket(to.any.sa_family, SOCK_STREAM, 0), tries = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_SYNCNT, &tries, sizeof tries); /* ETIMEDOUT after 3 s */
    switch (fd < 0 || connect(fd, &to.any, sizeof to) ? errno : 0) {
    case 0: *outcome = DOORS_OUTCOME_CONNECTED; break;
    case ECONNREFUSED: *outcome = DOORS_OUTCOME_REFUSED; break;
    case EHOSTUNREACH: case ENETUNREACH: case ETIMEDOUT: *outcome = DOORS_OUTCOME_UNREACHABLE; break;
    default: *outcome = DOORS_OUTCOME_OWN_FAULT;
    }
    doors_report report;
    if (!doors_source_dialled(source, upstream, pod, *outcome, now(), dice(), &report)) heed(&report);
    if (*outcome == DOORS_OUTCOME_CONNECTED) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

static void *dial_in_background(void *argument) {
    doors_report *asked = argument;
    uint32_t outcome;
    int fd = dial(asked->background_upstream, &asked->background_pod, &outcome);
    if (fd >= 0) close(fd);
    free(asked);
    return NULL;
}

static int send_all(int to, const char *bytes, size_t len) {
    for (ssize_t sent; len; bytes += sent, len -= (size_t)sent)
        if ((sent = send(to, bytes, len, MSG_NOSIGNAL)) < 0) return -1;
    return 0;
}

/* Copies in both directions until the pod ends, the client leaves, or the library sends the request
 * elsewhere; `step` is then the next step. Forwards the response, without the mark of the pod, once its head
 * is complete. */
static uint32_t copy(int client, int pod, doors_request *request, doors_step *step) {
    static const char DRAINING[] = "\r\nDoors-Draining: ?1";
    struct pollfd both[2] = {{client, POLLIN, 0}, {pod, POLLIN, 0}};
    char bytes[HEAD + 1], *end, *mark;
    size_t held = 0;
    for (int answered = 0; poll(both, 2, -1) > 0;) {
        int from_pod = both[1].revents;
        char *from = bytes + held;
        ssize_t len = recv(from_pod ? pod : client, from, HEAD - held, 0);
        if (len <= 0 && from_pod) return answered ? DOORS_OUTCOME_ANSWERED : DOORS_OUTCOME_DROPPED;
        if (len <= 0) break;
        if (from_pod && !answered) {
            bytes[held += (size_t)len] = 0;
            if (!(end = strstr(bytes, "\r\n\r\n"))) continue;
            uint32_t marks = 0;
            if ((mark = strcasestr(bytes, DRAINING)) && mark < end) {
                marks = strncmp(bytes + 8, " 503", 4) ? DOORS_MARK_DRAINING : DOORS_MARK_REFUSED;
                held -= sizeof DRAINING - 1;
                memmove(mark, mark + sizeof DRAINING - 1, held - (size_t)(mark - bytes));
            }
            if (doors_request_answered(source, request, marks, now(), dice(), step)) break;
            if (step->kind != DOORS_STEP_DONE) return DOORS_OUTCOME_CONNECTED;
            heed(&step->report);
            from = bytes, len = (ssize_t)held, held = 0, answered = 1;
        }
        if (!send_all(from_pod ? client : pod, from, (size_t)len)) continue;
        if (from_pod) break;
        both[0].fd = -1; /* the rest of the response must still be read */
    }
    return DOORS_OUTCOME_CANCELLED;
}

/* Answers without a pod. Reads the rest of the client's data, because otherwise the answer could be lost with the connection. */
static void answer(int client, uint32_t status, uint32_t retry_after, uint32_t page) {
    char text[1024], after[64] = "", body[128] = "";
    struct pollfd more = {client, POLLIN, 0};
    if (retry_after) snprintf(after, sizeof after, "Retry-After: %u\r\n", retry_after);
    if (page) snprintf(body, sizeof body, "<!doctype html><meta http-equiv=refresh content=%u>One moment", retry_after);
    snprintf(text, sizeof text, "HTTP/1.1 %u \r\nCache-Control: no-store\r\nConnection: close\r\n"
             "Content-Type: text/html\r\nContent-Length: %zu\r\n%s\r\n%s", status, strlen(body), after, body);
    send_all(client, text, strlen(text));
    shutdown(client, SHUT_WR);
    for (int64_t end = now() + SECOND; now() < end && poll(&more, 1, 1000) > 0;)
        if (recv(client, text, sizeof text, 0) <= 0) return;
}

/* What the client has sent so far: the lines of the head without the empty one, and the beginning of the
 * body. */
typedef struct { const char *head, *body; size_t head_len, body_len; } message;

static int send_message(int pod, const message *sent, uint32_t last_choice) {
    const char *more = last_choice ? "Doors-Last-Choice: ?1\r\nConnection: close\r\n\r\n" : "Connection: close\r\n\r\n";
    return send_all(pod, sent->head, sent->head_len) || send_all(pod, more, strlen(more)) ||
           send_all(pod, sent->body, sent->body_len);
}

/* Follows the steps until the request is over. */
static void obey(int client, const message *sent, doors_request *request, doors_step step) {
    struct pollfd leaves = {client, POLLRDHUP, 0};
    for (;;) {
        heed(&step.report);
        if (step.kind == DOORS_STEP_DIAL) {
            uint32_t outcome;
            int pod = dial(step.upstream, &step.pod, &outcome);
            if (pod >= 0) {
                outcome = DOORS_OUTCOME_DROPPED;
                if (!send_message(pod, sent, step.last_choice)) outcome = copy(client, pod, request, &step);
                close(pod);
            }
            if (outcome == DOORS_OUTCOME_ANSWERED || outcome == DOORS_OUTCOME_CANCELLED) return;
            if (outcome == DOORS_OUTCOME_CONNECTED) continue; /* sent elsewhere */
            if (doors_request_next(source, request, outcome, now(), dice(), &step)) return;
        } else if (step.kind == DOORS_STEP_WAIT) {
            if (poll(&leaves, 1, PAUSE) || doors_request_resume(source, request, now(), dice(), &step)) return;
        } else { /* DOORS_STEP_ANSWER or _DONE; _CHOOSE occurs only with DOORS_OPTION_USER_CHOOSES */
            answer(client, step.kind == DOORS_STEP_ANSWER ? step.status : 502, step.retry_after, step.page);
            return;
        }
    }
}

/* Reads the head of a request and passes the relevant parts to the library. */
static void *serve(void *argument) {
    char in[HEAD + 1], out[HEAD], cookies[HEAD] = "", *end = NULL, *path = NULL, *to = out;
    int client = *(int *)argument;
    size_t len = 0;
    for (ssize_t got; !end && len < HEAD && (got = recv(client, in + len, HEAD - len, 0)) > 0; end = strstr(in, "\r\n\r\n"))
        len += (size_t)got, in[len] = 0;
    if (end && (path = strchr(in, ' '))) {
        uint32_t method = DOORS_METHOD_OTHER, has_body = 0;
        if (!strncmp(in, "GET ", 4)) method = DOORS_METHOD_GET;
        if (!strncmp(in, "HEAD ", 5)) method = DOORS_METHOD_HEAD;
        for (char *line = in, *next; line <= end; line = next) {
            next = strstr(line, "\r\n") + 2;
            if (!strncasecmp(line, "cookie:", 7)) strcat(strncat(cookies, line + 7, (size_t)(next - line - 9)), "; ");
            if (!strncasecmp(line, "content-length:", 15)) has_body |= atoll(line + 15) != 0;
            if (!strncasecmp(line, "transfer-encoding:", 18)) has_body = 1;
            if (strncasecmp(line, "connection:", 11) && strncasecmp(line, "doors-last-choice:", 18))
                to = mempcpy(to, line, (size_t)(next - line));
        }
        message sent = {out, end + 4, (size_t)(to - out), (size_t)(in + len - end - 4)};
        doors_request request;
        doors_step step;
        if (!doors_request_begin(source, method, has_body, path + 1, strcspn(path + 1, " \r\n"), cookies, strlen(cookies),
                                 now(), dice(), &request, &step)) {
            obey(client, &sent, &request, step);
            doors_request_ended(source, &request, now());
        }
    }
    close(client);
    free(argument);
    return NULL;
}

/* Accepts connections and starts the lookups that are due. */
int main(int count, char **arguments) {
    static char json[1 << 20];
    doors_error error = {.message = "usage: proxy PORT < CONFIG"};
    if (count != 2 || doors_abi() != DOORS_ABI || doors_state_new(NULL, &state) ||
        doors_source_new(state, json, fread(json, 1, sizeof json, stdin), NULL, &source, &error))
        return fprintf(stderr, "proxy: %s\n", error.message), 1;
    address here = {.v4 = {AF_INET, htons((uint16_t)atoi(arguments[1])), {htonl(INADDR_LOOPBACK)}, {0}}};
    struct pollfd listener = {socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), POLLIN, 0};
    int yes = 1;
    setsockopt(listener.fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener.fd, &here.any, sizeof here.v4) || listen(listener.fd, 1024)) return perror("proxy"), 1;
    for (;;) {
        doors_lookup list[LOOKUPS];
        int64_t next;
        size_t due;
        if (doors_state_due(state, now(), dice(), list, LOOKUPS, &due, &next)) return 1;
        while (due--) start(look_up, &list[due], sizeof *list);
        int client = poll(&listener, 1, PAUSE) > 0 ? accept(listener.fd, NULL, NULL) : -1;
        if (client >= 0 && !start(serve, &client, sizeof client)) close(client);
    }
}
