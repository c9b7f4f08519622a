/* Uses two libraries that are written in Rust. */
#include <doors_caddy.h>
#include <stdio.h>

int other_answer(void);

int main(void) {
    doors_pods *pods = NULL;
    if (doors_pods_new(100, &pods)) return 1;
    doors_pods_free(pods);
    printf("%s %d\n", doors_version(), other_answer());
    return 0;
}
