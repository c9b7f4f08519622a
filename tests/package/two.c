/* Uses two libraries written in Rust. */
#include <doors_caddy.h>
#include <stdio.h>

int other_answer(void);

int main(void) {
    doors_state *state = NULL;
    if (doors_state_new(NULL, &state)) return 1;
    doors_state_free(state);
    printf("%s %d\n", doors_version(), other_answer());
    return 0;
}
