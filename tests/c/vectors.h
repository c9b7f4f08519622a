/* Reading the shared vectors, and counting what holds.
 *
 * In:  tests/vectors/NAME.json and expectations about each vector.
 * Out: a count of checks, and a line on stderr for each that failed. */
#ifndef VECTORS_H
#define VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <doors_caddy.h>

/* A string that may hold NUL: the bytes of a member or of its `_base64` form. `owned` is freed by text_free(). */
typedef struct {
    const char *data;
    size_t len;
    char *owned;
} text;

extern unsigned checks, failures;

/* Counts one check; a failed one prints the place, the vector that is being checked, and the expression. */
#define CHECK(condition) check_that((condition), __FILE__, __LINE__, #condition)
bool check_that(bool holds, const char *file, int line, const char *expression);

/* What CHECK names: the list and the vector. Strings must live until the next call. */
void checking(const char *list, const char *vector);

/* Reads FOLDER/NAME.json, where FOLDER was given to the program; ends the program when it cannot. */
cJSON *vectors_read(const char *name);
extern const char *vectors_folder;

/* The list of vectors under a name; ends the program when it is missing or empty. */
const cJSON *vectors_list(const cJSON *file, const char *list);

text text_of(const cJSON *vector, const char *member);
text text_literal(const char *string);
void text_free(text value);

/* The string of a member, NULL for null; ends the program when the member is missing. */
const char *string_of(const cJSON *vector, const char *member);
/* The number of a member; DOORS_NONE for null. */
uint32_t number_of(const cJSON *vector, const char *member);

/* Parses an address in text form. */
bool address_parse(const char *string, doors_addr *out);
/* True when both are the same address, or when there is none in both. */
bool address_is(const doors_addr *address, const char *string);

/* True when the message holds every string of the list. */
bool message_has(const doors_error *error, const cJSON *parts);
/* True when the message holds no string of the list. */
bool message_lacks(const doors_error *error, const cJSON *parts);

void test_tokens(void);
void test_secrets(void);
void test_cidrs(void);
void test_decisions(void);
void test_config(void);
void test_contract(void);
void test_flow(void);
void test_threads(void);
void test_wiping(void);
void test_stack(void);

#endif
