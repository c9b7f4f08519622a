// Runs the C++ wrapper over the shared vectors:  conformance REPOSITORY
// Prints how many vectors of each file it checked. Exits with 0 only if all hold. Run it under valgrind to find leaks.
#include "flow.hpp"
#include "interface.hpp"
#include "vectors.hpp"

int main(int argc, char **argv) {
    if (argc != 2) {
        std::cerr << "usage: " << argv[0] << " REPOSITORY\n";
        return 2;
    }
    root = argv[1];
    const std::pair<const char *, size_t (*)()> parts[] = {
        {"tokens", tokens}, {"secrets", secrets}, {"cidrs", cidrs}, {"decisions", decisions}, {"config", config},
        {"numbers", numbers}, {"contract", contract}, {"interface", interface}, {"flow", flow},
        {"integers", integers}, {"threads", threads}};
    for (auto [name, run] : parts) std::cout << name << ' ' << run() << '\n';
    std::cout << checks << " checks, " << failures << " failed\n";
    return failures ? 1 : 0;
}
