/* Checks that no byte of a key or its key schedule remains on the stack of a thread that created and freed a
 * handle. */
#define _POSIX_C_SOURCE 200809L

#include "vectors.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The key of FIPS 197, appendix A.1, and its schedule, which begins with the key. */
static const char SECRET[] = "K34VFiiu0qar9xWICc9PPA==";
static const char SCHEDULE[] =
    "\x2b\x7e\x15\x16\x28\xae\xd2\xa6\xab\xf7\x15\x88\x09\xcf\x4f\x3c"
    "\xa0\xfa\xfe\x17\x88\x54\x2c\xb1\x23\xa3\x39\x39\x2a\x6c\x76\x05"
    "\xf2\xc2\x95\xf2\x7a\x96\xb9\x43\x59\x35\x80\x7a\x73\x59\xf6\x7f"
    "\x3d\x80\x47\x7d\x47\x16\xfe\x3e\x1e\x23\x7e\x44\x6d\x7a\x88\x3b"
    "\xef\x44\xa5\x41\xa8\x52\x5b\x7f\xb6\x71\x25\x3b\xdb\x0b\xad\x00"
    "\xd4\xd1\xc6\xf8\x7c\x83\x9d\x87\xca\xf2\xb8\xbc\x11\xf9\x15\xbc"
    "\x6d\x88\xa3\x7a\x11\x0b\x3e\xfd\xdb\xf9\x86\x41\xca\x00\x93\xfd"
    "\x4e\x54\xf7\x0e\x5f\x5f\xc9\xf3\x84\xa6\x4f\xb2\x4e\xa6\xdc\x4f"
    "\xea\xd2\x73\x21\xb5\x8d\xba\xd2\x31\x2b\xf5\x60\x7f\x8d\x29\x2f"
    "\xac\x77\x66\xf3\x19\xfa\xdc\x21\x28\xd1\x29\x41\x57\x5c\x00\x6e"
    "\xd0\x14\xf9\xa8\xc9\xee\x25\x89\xe1\x3f\x0c\xc8\xb6\x63\x0c\xa6";

enum { PART = 8, STACK = 1 << 18 };

static void *nothing(void *input) { return input; }

/* Leaves remains of a key, which the search must find. */
static void *careless(void *input) {
    volatile char deep[8192]; /* so that the end of the thread does not overwrite it */
    for (size_t i = 0; i < sizeof SECRET; i++) deep[i] = SECRET[i];
    return deep[0] == SECRET[0] ? input : NULL;
}

static void *make_cipher(void *input) {
    doors_cipher *cipher = NULL;
    if (doors_cipher_new(input, strlen(input), &cipher, NULL) != DOORS_STATUS_OK) return NULL;
    doors_cipher_free(cipher);
    return input;
}

static void *make_router(void *input) {
    doors_router *router = NULL;
    if (doors_router_new(input, strlen(input), &router, NULL) != DOORS_STATUS_OK) return NULL;
    doors_router_free(router);
    return input;
}

static void *refuse_cipher(void *input) {
    doors_cipher *cipher = NULL;
    return doors_cipher_new(input, strlen(input), &cipher, NULL) == DOORS_STATUS_SECRET ? input : NULL;
}

static void *check_secret(void *input) {
    return doors_check(DOORS_FIELD_SECRET, input, strlen(input), NULL) == DOORS_STATUS_OK ? input : NULL;
}

/* Returns how many parts of the key, of its schedule or of its text the work leaves on its stack. The stack
 * is in a file and is read from there: memory checkers report reads of memory that a thread has left behind. */
static unsigned left_by(void *(*work)(void *), char *input) {
    FILE *file = tmpfile();
    char *copy = malloc(STACK);
    if (!file || !copy || ftruncate(fileno(file), STACK) != 0) exit(2);
    void *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0), *result = NULL;
    if (stack == MAP_FAILED) exit(2);
    pthread_attr_t attributes;
    pthread_t thread;
    CHECK(pthread_attr_init(&attributes) == 0 && pthread_attr_setstack(&attributes, stack, STACK) == 0);
    CHECK(pthread_create(&thread, &attributes, work, input) == 0 && pthread_join(thread, &result) == 0);
    CHECK(result == input);
    CHECK(fread(copy, 1, STACK, file) == STACK);
    unsigned left = 0;
    for (const char *at = copy; at <= copy + STACK - PART; at++) {
        for (size_t i = 0; i + PART < sizeof SCHEDULE; i += PART) left += memcmp(at, SCHEDULE + i, PART) == 0;
        for (size_t i = 0; i + PART < sizeof SECRET; i += PART) left += memcmp(at, SECRET + i, PART) == 0;
    }
    pthread_attr_destroy(&attributes);
    munmap(stack, STACK);
    free(copy);
    fclose(file);
    return left;
}

void test_wiping(void) {
    char json[256], secret[sizeof SECRET], wrong[sizeof SECRET + 2];
    snprintf(secret, sizeof secret, "%s", SECRET);
    snprintf(wrong, sizeof wrong, "%s x", SECRET);
    snprintf(json, sizeof json,
             "{\"secret\": \"%s\", \"upstreams\": [{\"cidr\": \"10.0.0.0/24\", \"host\": \"a\", \"port\": 1}]}", SECRET);
    checking("wiping", "the search");
    CHECK(left_by(nothing, secret) == 0);
    CHECK(left_by(careless, secret) > 0);
    checking("wiping", "stacks");
    CHECK(left_by(make_cipher, secret) == 0);
    CHECK(left_by(refuse_cipher, wrong) == 0);
    CHECK(left_by(make_router, json) == 0);
    CHECK(left_by(check_secret, secret) == 0);
}
