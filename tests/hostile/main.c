/* Runs all parts, or those given as arguments. In a program built with -DPLANTED_FAULTS, `planted NAME`
 * causes a fault instead. Prints the number of checks; the exit status is 0 only if all of them pass. */
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned checks, failures;

bool check_that(bool holds, const char *file, int line, const char *expression) {
    checks++;
    if (!holds) {
        failures++;
        fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, expression);
    }
    return holds;
}

static char *block(size_t len) {
    char *made = malloc(len ? len : 1);
    if (!made) {
        fprintf(stderr, "hostile: no memory for %zu bytes\n", len);
        exit(2);
    }
    return made;
}

char *exact(const void *bytes, size_t len) {
    char *made = block(len);
    if (len) memcpy(made, bytes, len);
    return made;
}

char *filled(char fill, size_t len) {
    char *made = block(len);
    memset(made, fill, len);
    return made;
}

void untouched_set(void *value, size_t size) { memset(value, 0xa5, size); }

bool untouched(const void *value, size_t size) {
    const unsigned char *bytes = value;
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0xa5) return false;
    return true;
}

static void need(int32_t status, const char *what) {
    if (status == DOORS_STATUS_OK) return;
    fprintf(stderr, "hostile: %s: %s\n", what, doors_status_str(status));
    exit(2);
}

doors_cipher *cipher_make(void) {
    doors_cipher *made;
    need(doors_cipher_new(SECRET, strlen(SECRET), &made, NULL), "cipher");
    return made;
}

doors_cidrs *cidrs_make(void) {
    static const char LIST[] = "10.0.0.0/8 10.0.0.0/24 2001:db8::/32";
    doors_cidrs *made;
    need(doors_cidrs_new(LIST, strlen(LIST), &made, NULL), "cidrs");
    return made;
}

doors_router *router_make(void) {
    doors_router *made;
    need(doors_router_new(CONFIG, strlen(CONFIG), &made, NULL), "router");
    return made;
}

void token_make(const doors_cipher *cipher, uint8_t last, char *token) {
    const doors_addr address = {{10, 0, 0, last}, 4};
    char made[DOORS_TOKEN_SIZE];
    size_t len;
    need(doors_cipher_encode(cipher, &address, made, sizeof made, &len), "token");
    memcpy(token, made, DOORS_TOKEN_IPV4);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } parts[] = {
        {"nulls", hostile_nulls}, {"lengths", hostile_lengths}, {"texts", hostile_texts},
        {"json", hostile_json},   {"flow", hostile_flow},       {"threads", hostile_threads},
    };
    if (argc == 3 && strcmp(argv[1], "planted") == 0) {
        if (!planted(argv[2])) {
            fprintf(stderr, "hostile: no planted fault %s in this program\n", argv[2]);
            return 2;
        }
        /* The caller looks for this line: the fault was caused, and nothing stopped the program. */
        fprintf(stderr, "hostile: made the fault %s\n", argv[2]);
        return 0;
    }
    int ran = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        bool wanted = argc == 1;
        for (int j = 1; j < argc; j++) wanted |= strcmp(argv[j], parts[i].name) == 0;
        if (!wanted) continue;
        ran++;
        unsigned checks_before = checks, failures_before = failures;
        parts[i].run();
        printf("%-10s %6u checks, %u failed\n", parts[i].name, checks - checks_before, failures - failures_before);
        if (checks == checks_before) {
            fprintf(stderr, "hostile: %s checked nothing\n", parts[i].name);
            return 2;
        }
    }
    if (argc > 1 && ran != argc - 1) {
        fprintf(stderr, "usage: %s [PART...], or planted NAME\n", argv[0]);
        return 2;
    }
    return failures ? 1 : 0;
}
