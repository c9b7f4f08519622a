/* Faults that a memory checker must report before its silence counts. All but the last are caused inside the
 * library, by functions that exist only with `--cfg doors_planted_faults`. */
#define _POSIX_C_SOURCE 200809L

#include "hostile.h"

#include <pthread.h>
#include <string.h>

#ifdef PLANTED_FAULTS

uint8_t planted_out_of_bounds(void);
uint8_t planted_use_after_free(void);
uint8_t planted_leak(void);
uint8_t planted_uninitialised(void);
uint8_t planted_race(void);

static void *race(void *nothing) {
    for (int i = 0; i < 1000; i++) planted_race();
    return nothing;
}

static void two_threads(void) {
    pthread_t one, other;
    if (pthread_create(&one, NULL, race, NULL) != 0) return;
    if (pthread_create(&other, NULL, race, NULL) == 0) pthread_join(other, NULL);
    pthread_join(one, NULL);
}

/* A fault in C: reads a number from a misaligned address. */
static uint8_t undefined(void) {
    static char bytes[16];
    const volatile uint64_t *number = (const void *)(bytes + 1 + ((uintptr_t)bytes & 1));
    return (uint8_t)*number;
}

bool planted(const char *name) {
    static const struct {
        const char *name;
        uint8_t (*make)(void);
    } faults[] = {
        {"out_of_bounds", planted_out_of_bounds}, {"use_after_free", planted_use_after_free},
        {"leak", planted_leak},                   {"uninitialised", planted_uninitialised},
        {"undefined", undefined},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (strcmp(name, faults[i].name) != 0) continue;
        faults[i].make();
        return true;
    }
    if (strcmp(name, "race") != 0) return false;
    two_threads();
    return true;
}

#else

bool planted(const char *name) {
    (void)name;
    return false;
}

#endif
