/* Conformance of the C API: every shared vector, and the rules at the top of the header. The only argument is
 * the folder of the vectors. It prints the number of checks; the exit status is 0 only if all of them pass. */
#include "vectors.h"

#include <stdio.h>

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        {"tokens", test_tokens}, {"secrets", test_secrets},   {"cidrs", test_cidrs},     {"decisions", test_decisions},
        {"config", test_config}, {"contract", test_contract}, {"flow", test_flow},
        {"threads", test_threads}, {"wiping", test_wiping},   {"stack", test_stack},
    };
    if (argc != 2) {
        fprintf(stderr, "usage: %s tests/vectors\n", argv[0]);
        return 2;
    }
    vectors_folder = argv[1];
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        unsigned checks_before = checks, failures_before = failures;
        checking(tests[i].name, NULL);
        tests[i].run();
        printf("%-10s %6u checks, %u failed\n", tests[i].name, checks - checks_before, failures - failures_before);
        if (checks == checks_before) {
            fprintf(stderr, "conformance: %s checked nothing\n", tests[i].name);
            return 2;
        }
    }
    return failures ? 1 : 0;
}
