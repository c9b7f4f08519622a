/* Hostile use of the C API: what a careless or malicious caller may pass within the rules of the header.
 *
 * Each failed check prints a line on stderr. The memory checker that the program runs under finds reads and
 * writes outside the given memory. For that, every input is in a block of exactly its size. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <doors_caddy.h>

#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define CONFIG                                                                                                       \
    "{\"secret\": \"" SECRET "\", \"cookie_name\": \"up\", \"upstreams\": ["                                        \
    "{\"cidr\": \"10.0.0.0/24\", \"host\": \"blue\", \"port\": 8080}, "                                              \
    "{\"cidrs\": [\"10.0.1.0/24\", \"169.254.0.0/16\"], \"host\": \"green\", \"port\": 8081}]}"

#define CHECK(condition) check_that((condition), __FILE__, __LINE__, #condition)
bool check_that(bool holds, const char *file, int line, const char *expression);

/* Returns a block of exactly `len` bytes, copied from `bytes` or filled with `fill`. Exits if there is no
 * memory. */
char *exact(const void *bytes, size_t len);
char *filled(char fill, size_t len);

/* A value for outputs that must not change: every byte is 0xa5. */
void untouched_set(void *value, size_t size);
bool untouched(const void *value, size_t size);

doors_cipher *cipher_make(void);
doors_cidrs *cidrs_make(void);
doors_router *router_make(void);
/* Writes a token for 10.0.0.`last` to `token`, which has room for DOORS_TOKEN_IPV4 characters. */
void token_make(const doors_cipher *cipher, uint8_t last, char *token);

void hostile_nulls(void);
void hostile_lengths(void);
void hostile_texts(void);
void hostile_json(void);
void hostile_flow(void);
void hostile_threads(void);

/* Causes the fault with the given name. Returns false if there is none. */
bool planted(const char *name);

#endif
