/* Reads the shared vectors in tests/vectors, and counts checks. Each failed check prints a line on stderr. */
#ifndef VECTORS_H
#define VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <doors_caddy.h>

/* A string that may contain NUL: the bytes of a member or of its `_base64` form. text_free() frees `owned`. */
typedef struct {
    const char *data;
    size_t len;
    char *owned;
} text;

extern unsigned checks, failures;

/* Counts one check. A failed check prints the line, the current vector and the expression. */
#define CHECK(condition) check_that((condition), __FILE__, __LINE__, #condition)
bool check_that(bool holds, const char *file, int line, const char *expression);

/* What CHECK prints: the list and the vector. The strings must live until the next call. */
void checking(const char *list, const char *vector);

/* Reads FOLDER/NAME.json, with the program's argument for FOLDER. Exits on failure. */
cJSON *vectors_read(const char *name);
extern const char *vectors_folder;

/* Returns the list of vectors under a name. Exits if it is missing or empty. */
const cJSON *vectors_list(const cJSON *file, const char *list);

text text_of(const cJSON *vector, const char *member);
text text_literal(const char *string);
void text_free(text value);

/* Returns the string of a member, or NULL for null. Exits if the member is missing. */
const char *string_of(const cJSON *vector, const char *member);
/* Returns the number of a member, or DOORS_NONE for null. */
uint32_t number_of(const cJSON *vector, const char *member);

/* Parses an address in text form. */
bool address_parse(const char *string, doors_addr *out);
/* Returns whether both are the same address, or neither is one. */
bool address_is(const doors_addr *address, const char *string);

/* Returns whether the message contains every string of the list. */
bool message_has(const doors_error *error, const cJSON *parts);
/* Returns whether the message contains no string of the list. */
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
