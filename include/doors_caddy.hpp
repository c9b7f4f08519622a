// doors_caddy for C++17: handles free themselves, and failed calls throw. Header only; link with libdoors_caddy.
//
// The rules of doors_caddy.h apply, including the one about fork. Any number of threads may use a handle at once; destroy it
// after the last call on it has returned. Handles can be moved but not copied. Numbers and structs are those of
// doors_caddy.h. This file declares tokens, CIDRs and decisions, and includes doors_caddy_flow.hpp for hosts, pods and
// requests. Licence: Apache-2.0.
#ifndef DOORS_CADDY_HPP
#define DOORS_CADDY_HPP
#include <cstring>
#include <limits>
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
// Thrown by a failed call. what() names the field, the value and the rule.
struct error : std::runtime_error {
    explicit error(int32_t number) : std::runtime_error(doors_status_str(number)), status(number) {}
    explicit error(const doors_error &from) : std::runtime_error(from.message), status(from.status) {
        if (from.index != DOORS_NONE) index = from.index;
    }
    int32_t status;                // DOORS_STATUS_*
    std::optional<uint32_t> index; // the zero-based index of the invalid key, CIDR or upstream
};

// An integer parameter. Throws std::out_of_range for a value that does not fit, instead of truncating it.
template <typename T> struct whole {
    template <typename U, typename = std::enable_if_t<std::is_integral_v<U>>> whole(U from) : value(T(from)) {
        if (U(value) != from || (value > T(0)) != (from > U(0)))
            throw std::out_of_range(std::to_string(from) + " must be from " + std::to_string(std::numeric_limits<T>::min()) +
                                    " to " + std::to_string(std::numeric_limits<T>::max()));
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
// Runs a call that takes a doors_error. Throws with its message if the call fails.
template <typename Call> int32_t explained(Call call) {
    doors_error why;
    if (call(&why) != DOORS_STATUS_OK) throw error(why);
    return DOORS_STATUS_OK;
}
// Returns what a call writes to its last output.
template <typename T, typename Call> T filled(Call call) {
    T out{};
    ok(call(&out));
    return out;
}
// Reads a list of unknown length. Calls again with more room if the list does not fit.
template <typename T, typename Call> std::vector<T> listed(Call call) {
    std::vector<T> list(64);
    size_t count = 0;
    ok(call(list.data(), list.size(), &count));
    while (count > list.size()) {
        list.resize(count);
        ok(call(list.data(), list.size(), &count));
    }
    list.resize(count);
    return list;
}
template <typename T, auto Free> struct handle {
    const T *get() const noexcept { return pointer_.get(); } // for calls of the C API
    T *get() noexcept { return pointer_.get(); }
protected:
    template <typename Make, typename = std::enable_if_t<std::is_invocable_v<Make, T **>>> explicit handle(Make make) {
        own(make);
    }
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
        if (doors_abi() != DOORS_ABI) throw std::logic_error("libdoors_caddy and its header differ in DOORS_ABI");
        pointer_.reset(filled<T *>(make));
    }
    std::unique_ptr<T, std::integral_constant<decltype(Free), Free>> pointer_;
};
// The IDs of the keys, in the order of the secret.
template <typename T, typename Keys, typename KeyId>
std::vector<std::string> key_ids(const T *of, Keys keys, KeyId key_id) {
    std::vector<std::string> ids(filled<uint32_t>([&](auto o) { return keys(of, o); }), std::string(DOORS_KEY_ID_SIZE - 1, ' '));
    for (uint32_t index = 0; index < ids.size(); index++) ok(key_id(of, index, ids[index].data()));
    return ids;
}
} // namespace detail

// Creates an address from its 4 or 16 bytes in network byte order, as in in_addr and in6_addr.
inline doors_addr address(const void *bytes, size_t length) {
    if (length != 4 && length != 16) throw error(DOORS_STATUS_ADDRESS);
    doors_addr out = {{}, uint32_t(length)};
    std::memcpy(out.bytes, bytes, length);
    return out;
}

// Checks one value of a configuration; `field` is DOORS_FIELD_*. Throws error for an invalid value.
inline void check(whole<uint32_t> field, std::string_view value) {
    detail::explained([&](auto *why) { return doors_check(field, value.data(), value.size(), why); });
}

// Creates and decrypts tokens. Takes one to eight AES keys in base64, separated by white space. The first encrypts; all
// decrypt.
struct cipher : detail::handle<doors_cipher, doors_cipher_free> {
    explicit cipher(std::string_view secret) : handle(doors_cipher_new, secret) {}
    // Creates a token for an address. Create one for each process and address, not one for each request.
    std::string encode(const doors_addr &addr) const {
        char token[DOORS_TOKEN_SIZE];
        size_t length = 0;
        detail::ok(doors_cipher_encode(get(), &addr, token, sizeof token, &length));
        return std::string(token, length);
    }
    // The IDs of the keys, in the order of the secret. They are not secret: log them to compare proxies and apps.
    std::vector<std::string> key_ids() const { return detail::key_ids(get(), doors_cipher_keys, doors_cipher_key_id); }
    // The address in a token, and the zero-based index of the key that decrypted it. Throws DOORS_STATUS_TOKEN_FORMAT or
    // DOORS_STATUS_TOKEN_REFUSED.
    std::pair<doors_addr, uint32_t> decode(std::string_view token) const {
        std::pair<doors_addr, uint32_t> out{};
        detail::ok(doors_cipher_decode(get(), token.data(), token.size(), &out.first, &out.second));
        return out;
    }
};

// Finds the CIDR with the longest prefix that contains an address. Takes IPv4 and IPv6 CIDRs, separated by white space.
struct cidrs : detail::handle<doors_cidrs, doors_cidrs_free> {
    explicit cidrs(std::string_view list) : handle(doors_cidrs_new, list) {}
    // The zero-based position of the CIDR in the list. Empty if none contains the address.
    std::optional<uint32_t> lookup(const doors_addr &addr) const { return index_of(doors_cidrs_lookup, addr); }
};

namespace detail {
// The functions that router and router_view share.
template <typename Self> struct router_calls {
    // Decides where a request goes, by its escaped path or its whole target, and its Cookie header. Any bytes are accepted.
    doors_decision decide(std::string_view path, std::string_view cookies = {}) const {
        return filled<doors_decision>([&](auto *out) {
            return doors_router_decide(of(), path.data(), path.size(), cookies.data(), cookies.size(), out);
        });
    }
    // The zero-based index of the upstream whose CIDR contains the address. Empty if no CIDR does.
    std::optional<uint32_t> lookup(const doors_addr &addr) const {
        uint32_t index = 0;
        return found(doors_router_lookup(of(), &addr, &index)) ? std::optional(index) : std::nullopt;
    }
    // The number of upstreams.
    uint32_t upstreams() const {
        return filled<uint32_t>([&](auto *out) { return doors_router_upstreams(of(), out); });
    }
    // Host and port of one upstream. Throws DOORS_STATUS_NO_MATCH for an index past the last one.
    std::pair<std::string, uint16_t> upstream(whole<uint32_t> index) const {
        char host[DOORS_HOST_SIZE];
        uint16_t port = 0;
        ok(doors_router_upstream(of(), index, host, &port));
        return {host, port};
    }
    // The IDs of the keys, in the order of the secret.
    std::vector<std::string> key_ids() const { return detail::key_ids(of(), doors_router_keys, doors_router_key_id); }
    // Warnings about settings that are valid but probably mistakes.
    std::vector<std::string> warnings() const {
        std::vector<std::string> out;
        for (doors_error w; found(doors_router_warning(of(), uint32_t(out.size()), &w));) out.push_back(w.message);
        return out;
    }
private:
    const doors_router *of() const noexcept { return static_cast<const Self *>(this)->get(); }
};
} // namespace detail

// Decides where requests go. Takes JSON such as {"secret": KEYS, "upstreams": [{"cidr": "10.0.0.0/24", "host":
// "svc.example", "port": 8080}]}.
struct router : detail::handle<doors_router, doors_router_free>, detail::router_calls<router> {
    explicit router(std::string_view json) : handle(doors_router_new, json) {}
};

// The router of a source. The source owns it: do not use it after the source is destroyed.
struct router_view : detail::router_calls<router_view> {
    explicit router_view(const doors_router *router) noexcept : router_(router) {}
    const doors_router *get() const noexcept { return router_; }
private:
    const doors_router *router_;
};

// A short text or identifier for a constant; "unknown" for any other number.
inline const char *name(doors_status_code number) { return doors_status_str(number); }
inline const char *name(doors_decision_code number) { return doors_decision_str(number); }
inline const char *name(doors_reason_code number) { return doors_reason_str(number); }
inline const char *name(doors_path_code number) { return doors_path_str(number); }
inline const char *name(doors_outcome_code number) { return doors_outcome_str(number); }
inline const char *name(doors_verdict_code number) { return doors_verdict_str(number); }
inline const char *name(doors_idle_code number) { return doors_idle_str(number); }
inline const char *name(doors_step_code number) { return doors_step_str(number); }
inline const char *name(doors_cause_code number) { return doors_cause_str(number); }
inline const char *name(doors_lookup_code number) { return doors_lookup_str(number); }
inline const char *name(doors_host_code number) { return doors_host_str(number); }
inline const char *name(doors_event_code number) { return doors_event_str(number); }

// The version of the linked library, such as "0.2.0".
inline const char *version() { return doors_version(); }
} // namespace doors

#include "doors_caddy_flow.hpp"
#endif // DOORS_CADDY_HPP
