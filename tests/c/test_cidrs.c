/* Lists of CIDRs: cidrs.json through doors_cidrs. */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns all CIDRs of a vector, separated by spaces. The caller frees it. */
static char *joined(const cJSON *vector) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(vector, "cidrs"), *item;
    size_t room = 1;
    cJSON_ArrayForEach(item, list) room += strlen(item->valuestring) + 1;
    char *out = calloc(room, 1);
    if (!out) exit(2);
    cJSON_ArrayForEach(item, list) {
        if (*out) strcat(out, " ");
        strcat(out, item->valuestring);
    }
    return out;
}

static void table(const cJSON *vector) {
    char *list = joined(vector);
    doors_cidrs *cidrs = NULL;
    if (CHECK(doors_cidrs_new(list, strlen(list), &cidrs, NULL) == DOORS_STATUS_OK)) {
        const cJSON *lookup;
        cJSON_ArrayForEach(lookup, vectors_list(vector, "lookups")) {
            doors_addr address;
            uint32_t index = 12345, expected = number_of(lookup, "index");
            CHECK(address_parse(string_of(lookup, "address"), &address));
            int32_t status = doors_cidrs_lookup(cidrs, &address, &index);
            if (expected == DOORS_NONE)
                CHECK(status == DOORS_STATUS_NO_MATCH && index == 12345);
            else
                CHECK(status == DOORS_STATUS_OK && index == expected);
        }
    }
    doors_cidrs_free(cidrs);
    free(list);
}

void test_cidrs(void) {
    cJSON *file = vectors_read("cidrs");
    const cJSON *vector;
    cJSON_ArrayForEach(vector, vectors_list(file, "tables")) {
        checking("tables", string_of(vector, "name"));
        table(vector);
    }
    cJSON_ArrayForEach(vector, vectors_list(file, "refused")) {
        checking("refused", string_of(vector, "name"));
        char *list = joined(vector);
        doors_cidrs *cidrs = NULL;
        doors_error error;
        CHECK(doors_cidrs_new(list, strlen(list), &cidrs, &error) == DOORS_STATUS_CIDR);
        CHECK(cidrs == NULL);
        CHECK(error.status == DOORS_STATUS_CIDR);
        CHECK(error.index == number_of(vector, "index"));
        CHECK(message_has(&error, cJSON_GetObjectItemCaseSensitive(vector, "contains")));
        free(list);
    }
    cJSON_Delete(file);
}
