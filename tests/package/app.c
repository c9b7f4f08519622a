/* A program outside the repository: it creates a token, decodes it, and makes a decision. */
#include <doors_caddy.h>
#include <stdio.h>
#include <string.h>

int main(void) {
    static const char json[] = "{\"secret\": \"AAECAwQFBgcICQoLDA0ODw==\", \"upstreams\": "
                               "[{\"cidr\": \"10.0.0.0/24\", \"host\": \"svc.example\", \"port\": 8080}]}";
    const doors_addr pod = {{10, 0, 0, 7}, 4};
    char path[3 + DOORS_TOKEN_SIZE] = "/~/";
    size_t length = 0;
    doors_cipher *cipher = NULL;
    doors_router *router = NULL;
    doors_decision decision;
    doors_error error;
    if (doors_abi() != DOORS_ABI) return fprintf(stderr, "another interface\n"), 1;
    if (doors_cipher_new("AAECAwQFBgcICQoLDA0ODw==", 24, &cipher, &error)) return fprintf(stderr, "%s\n", error.message), 1;
    if (doors_router_new(json, strlen(json), &router, &error)) return fprintf(stderr, "%s\n", error.message), 1;
    if (doors_cipher_encode(cipher, &pod, path + 3, DOORS_TOKEN_SIZE, &length)) return 1;
    if (doors_router_decide(router, path, 3 + length, NULL, 0, &decision)) return 1;
    printf("%s %s %u.%u.%u.%u:%u\n", doors_version(), doors_decision_str(decision.kind), decision.addr.bytes[0],
           decision.addr.bytes[1], decision.addr.bytes[2], decision.addr.bytes[3], decision.port);
    doors_router_free(router);
    doors_cipher_free(cipher);
    return 0;
}
