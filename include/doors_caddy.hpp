// doors_caddy for C++17: handles that free themselves, failures as exceptions. Header only; link libdoors_caddy.
//
// The rules of doors_caddy.h hold, that about fork too: a handle may be used by any number of threads at once, and is
// destroyed after the last call on it has returned. Handles can be moved, not copied. Licence: Apache-2.0.
#ifndef DOORS_CADDY_HPP
#define DOORS_CADDY_HPP
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>
#include "doors_caddy.h"

namespace doors {
// What went wrong: DOORS_STATUS_*, the message, and the key, CIDR or upstream to blame where there is one.
struct error : std::runtime_error {
    explicit error(int32_t number) : std::runtime_error(doors_status_str(number)), status(number) {}
    explicit error(const doors_error &from) : std::runtime_error(from.message), status(from.status) {
        if (from.index != DOORS_NONE) index = from.index;
    }
    int32_t status;
    std::optional<uint32_t> index;
};

// An integer that the library takes. Throws std::out_of_range for a value that does not fit, which C++ would cut off.
template <typename T> struct whole {
    template <typename U, typename = std::enable_if_t<std::is_integral_v<U>>> whole(U from) : value(T(from)) {
        if (U(value) != from || (value > T(0)) != (from > U(0)))
            throw std::out_of_range(std::to_string(from) + " must be from 0 to " + std::to_string(T(-1)));
    }
    template <typename U, typename = std::enable_if_t<std::is_enum_v<U>>, typename = void>
    whole(U from) : whole(std::underlying_type_t<U>(from)) {}
    operator T() const noexcept { return value; }
    T value;
};

namespace detail {
inline void ok(int32_t status) { if (status != DOORS_STATUS_OK) throw error(status); }
// True for success, false for DOORS_STATUS_NO_MATCH.
inline bool found(int32_t status) {
    if (status != DOORS_STATUS_NO_MATCH) ok(status);
    return status == DOORS_STATUS_OK;
}
// The status of a call that says why it fails.
template <typename Call> int32_t explained(Call call) {
    doors_error why;
    if (call(&why) != DOORS_STATUS_OK) throw error(why);
    return DOORS_STATUS_OK;
}
// What a call writes to its last output.
template <typename T, typename Call> T filled(Call call) {
    T out{};
    ok(call(&out));
    return out;
}
template <typename T, auto Free> struct handle {
    const T *get() const noexcept { return pointer_.get(); } // for calls of the C API
protected:
    handle(int32_t (*make)(const char *, size_t, T **, doors_error *), std::string_view text) {
        own([&](T **out) { return explained([&](auto *why) { return make(text.data(), text.size(), out, why); }); });
    }
    handle(int32_t (*make)(uint32_t, T **), uint32_t most) { own([&](T **out) { return make(most, out); }); }
    template <typename Lookup> std::optional<uint32_t> index_of(Lookup lookup, const doors_addr &addr) const {
        uint32_t index = 0;
        return found(lookup(get(), &addr, &index)) ? std::optional(index) : std::nullopt;
    }
private:
    template <typename Make> void own(Make make) {
        if (doors_abi() != DOORS_ABI) throw std::logic_error("libdoors_caddy speaks another interface than its header");
        pointer_.reset(filled<T *>(make));
    }
    std::unique_ptr<T, std::integral_constant<decltype(Free), Free>> pointer_;
};
// The public names of the keys, in the order of the secret.
template <typename T, typename Keys, typename KeyId>
std::vector<std::string> key_ids(const T *of, Keys keys, KeyId key_id) {
    std::vector<std::string> ids(filled<uint32_t>([&](auto o) { return keys(of, o); }), std::string(DOORS_KEY_ID_SIZE - 1, ' '));
    for (uint32_t index = 0; index < ids.size(); index++) ok(key_id(of, index, ids[index].data()));
    return ids;
}
} // namespace detail

// An address from its 4 or 16 bytes in network byte order, such as in_addr and in6_addr hold.
inline doors_addr address(const void *bytes, size_t length) {
    if (length != 4 && length != 16) throw error(DOORS_STATUS_ADDRESS);
    doors_addr out = {{}, uint32_t(length)};
    std::memcpy(out.bytes, bytes, length);
    return out;
}

inline doors_pod pod(const doors_addr &addr, whole<uint16_t> port) { return {addr, port, 0}; }

// Checks one value of a configuration; `field` is DOORS_FIELD_*.
inline void check(whole<uint32_t> field, std::string_view value) {
    detail::explained([&](auto *why) { return doors_check(field, value.data(), value.size(), why); });
}

// Makes and reads tokens.
struct cipher : detail::handle<doors_cipher, doors_cipher_free> {
    explicit cipher(std::string_view secret) : handle(doors_cipher_new, secret) {}
    std::string encode(const doors_addr &addr) const {
        char token[DOORS_TOKEN_SIZE];
        size_t length = 0;
        detail::ok(doors_cipher_encode(get(), &addr, token, sizeof token, &length));
        return std::string(token, length);
    }
    std::vector<std::string> key_ids() const { return detail::key_ids(get(), doors_cipher_keys, doors_cipher_key_id); }
    // The address in a token, and which key opened it, from 0.
    std::pair<doors_addr, uint32_t> decode(std::string_view token) const {
        std::pair<doors_addr, uint32_t> out{};
        detail::ok(doors_cipher_decode(get(), token.data(), token.size(), &out.first, &out.second));
        return out;
    }
};

// Finds the longest CIDR that holds an address.
struct cidrs : detail::handle<doors_cidrs, doors_cidrs_free> {
    explicit cidrs(std::string_view list) : handle(doors_cidrs_new, list) {}
    std::optional<uint32_t> lookup(const doors_addr &addr) const { return index_of(doors_cidrs_lookup, addr); }
};

// Decides where requests go.
struct router : detail::handle<doors_router, doors_router_free> {
    explicit router(std::string_view json) : handle(doors_router_new, json) {}
    doors_decision decide(std::string_view path, std::string_view cookies = {}) const {
        return detail::filled<doors_decision>([&](auto *out) {
            return doors_router_decide(get(), path.data(), path.size(), cookies.data(), cookies.size(), out);
        });
    }
    std::optional<uint32_t> lookup(const doors_addr &addr) const { return index_of(doors_router_lookup, addr); }
    uint32_t upstreams() const {
        return detail::filled<uint32_t>([&](auto *out) { return doors_router_upstreams(get(), out); });
    }
    // Host and port.
    std::pair<std::string, uint16_t> upstream(whole<uint32_t> index) const {
        char host[DOORS_HOST_SIZE];
        uint16_t port = 0;
        detail::ok(doors_router_upstream(get(), index, host, &port));
        return {host, port};
    }
    std::vector<std::string> key_ids() const { return detail::key_ids(get(), doors_router_keys, doors_router_key_id); }
    std::vector<std::string> warnings() const {
        std::vector<std::string> out;
        for (doors_error w; detail::found(doors_router_warning(get(), uint32_t(out.size()), &w));)
            out.push_back(w.message);
        return out;
    }
};

// Remembers which pods are dead. The calls that are missing here take get().
struct pods : detail::handle<doors_pods, doors_pods_free> {
    explicit pods(whole<uint32_t> max_pods = 10000) : handle(doors_pods_new, max_pods) {}
    doors_answer began(const doors_group &g, const doors_pod &p, whole<uint32_t> path, whole<uint64_t> now) const {
        return detail::filled<doors_answer>([&](auto *out) { return doors_pods_began(get(), &g, &p, path, now, out); });
    }
    doors_answer ended(const doors_group &g, const doors_pod &p, whole<uint32_t> path, whole<uint32_t> outcome,
                       whole<uint64_t> now) const {
        return detail::filled<doors_answer>(
            [&](auto *out) { return doors_pods_ended(get(), &g, &p, path, outcome, now, out); });
    }
};
} // namespace doors
#endif // DOORS_CADDY_HPP
