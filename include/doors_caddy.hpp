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
// A list whose length is known only with it.
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

// Pods to evict: those in a network (an address without bytes for all) of an upstream (0 for any).
inline doors_eviction eviction(const doors_addr &addr, whole<uint32_t> bits, uint64_t upstream = 0,
                               whole<uint32_t> rate = 0, whole<uint32_t> flags = 0) {
    return {addr, bits, upstream, rate, flags, 0, 0, {}};
}

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

inline doors_limits limits() { return detail::filled<doors_limits>(doors_limits_init); }
inline doors_options options() { return detail::filled<doors_options>(doors_options_init); }

using time = whole<int64_t>;    // nanoseconds of one monotonic clock, such as steady_clock's
using random = whole<uint64_t>; // another number for each call

// What a process knows about hosts and pods. One is enough.
struct state : detail::handle<doors_state, doors_state_free> {
    explicit state(const doors_limits &most = limits())
        : handle([&](doors_state **out) { return doors_state_new(&most, out); }) {}
    void limit(whole<uint32_t> max_pods) { detail::ok(doors_state_limit(get(), max_pods)); }

    // The lookups to begin now, and when to ask again: INT64_MAX for not before a report has DOORS_REPORT_LOOKUPS_DUE.
    std::pair<std::vector<doors_lookup>, int64_t> due(time now, random number) {
        std::pair<std::vector<doors_lookup>, int64_t> out(64, 0);
        size_t count = 0;
        detail::ok(doors_state_due(get(), now, number, out.first.data(), out.first.size(), &count, &out.second));
        out.first.resize(count);
        return out;
    }
    // A lookup has ended. `missing` is DOORS_MISSING_*, added up, and `failure` why (DOORS_LOOKUP_*).
    doors_host_report resolved(uint64_t host, const std::vector<doors_addr> &list, time now, random number,
                               whole<uint32_t> missing = 0, whole<uint32_t> failure = 0) {
        return detail::filled<doors_host_report>([&](auto *out) {
            return doors_state_resolved(get(), host, list.data(), list.size(), missing, failure, now, number, out);
        });
    }
    // Addresses came after their lookup was reported.
    doors_host_report resolved_late(uint64_t host, const std::vector<doors_addr> &list, time now) {
        return detail::filled<doors_host_report>([&](auto *out) {
            return doors_state_resolved_late(get(), host, list.data(), list.size(), now, out);
        });
    }
    doors_host_report lookup_failed(uint64_t host, whole<uint32_t> failure, time now, random number) {
        return detail::filled<doors_host_report>(
            [&](auto *out) { return doors_state_lookup_failed(get(), host, failure, now, number, out); });
    }
    // What is known about a host, and its addresses.
    std::pair<doors_host_state, std::vector<doors_addr>> host(uint64_t number, time now) const {
        std::pair<doors_host_state, std::vector<doors_addr>> out;
        out.second = detail::listed<doors_addr>([&](auto *list, size_t room, size_t *count) {
            return doors_state_host(get(), number, now, &out.first, list, room, count);
        });
        return out;
    }
    // At most so many pods, by address (IPv4 first) and port, those after one of them.
    std::vector<doors_known_pod> pods(const std::optional<doors_pod> &after = {}, size_t most = 1000) const {
        std::vector<doors_known_pod> list(most);
        size_t count = 0, known = 0;
        detail::ok(doors_state_pods(get(), after ? &*after : nullptr, list.data(), most, &count, &known));
        list.resize(count);
        return list;
    }
    // How many pods are known.
    size_t known() const {
        size_t count = 0, known = 0;
        detail::ok(doors_state_pods(get(), nullptr, nullptr, 0, &count, &known));
        return known;
    }
    uint32_t verdict(const doors_pod &pod) const {
        return detail::filled<uint32_t>([&](auto *out) { return doors_state_verdict(get(), &pod, out); });
    }
    doors_idle idle(const doors_addr &addr, time idle, time started, time now) const {
        return detail::filled<doors_idle>(
            [&](auto *out) { return doors_state_idle(get(), &addr, idle, started, now, out); });
    }
    // Evicts pods until undo(), or changes the eviction with this target: see eviction().
    void evict(const doors_eviction &what, time now) { detail::ok(doors_state_evict(get(), &what, now)); }
    // Takes the eviction with this target back.
    void undo(const doors_eviction &what, time now) { detail::ok(doors_state_undo(get(), &what, now)); }
    // All evictions, the oldest first.
    std::vector<doors_eviction> evictions() const {
        return detail::listed<doors_eviction>(
            [&](auto *list, size_t room, size_t *count) { return doors_state_evictions(get(), list, room, count); });
    }
    // What has happened to pods: of the last 256 events those after one, the oldest first.
    std::vector<doors_event> events(whole<uint64_t> after) const {
        return detail::listed<doors_event>(
            [&](auto *list, size_t room, size_t *count) { return doors_state_events(get(), after, list, room, count); });
    }
};

// One configuration in use. It outlives its requests.
struct source : detail::handle<doors_source, doors_source_free> {
    source(state &of, std::string_view json, const doors_options &with = options())
        : handle([&](doors_source **out) {
              return detail::explained(
                  [&](auto *why) { return doors_source_new(of.get(), json.data(), json.size(), &with, out, why); });
          }) {}
    // What became of a dial, also of one in the background.
    doors_report dialled(whole<uint32_t> upstream, const doors_pod &pod, whole<uint32_t> outcome, time now, random number) {
        return detail::filled<doors_report>(
            [&](auto *out) { return doors_source_dialled(get(), upstream, &pod, outcome, now, number, out); });
    }
    // Keeps the lookups of an upstream's host going.
    doors_report use(whole<uint32_t> upstream, time now) {
        return detail::filled<doors_report>([&](auto *out) { return doors_source_use(get(), upstream, now, out); });
    }
    // The numbers of the host and of the upstream, as in doors_lookup and doors_known_pod.
    std::pair<uint64_t, uint64_t> upstream(whole<uint32_t> index) const {
        std::pair<uint64_t, uint64_t> out;
        detail::ok(doors_source_upstream(get(), index, &out.first, &out.second));
        return out;
    }
    // The pods of an upstream in DNS, those inside and those outside of its networks.
    std::pair<std::vector<doors_pod>, std::vector<doors_pod>> fresh(whole<uint32_t> upstream) const {
        size_t inside = 0;
        auto all = detail::listed<doors_pod>([&](auto *list, size_t room, size_t *count) {
            return doors_source_fresh(get(), upstream, list, room, &inside, count);
        });
        return {{all.begin(), all.begin() + ptrdiff_t(inside)}, {all.begin() + ptrdiff_t(inside), all.end()}};
    }
    // The router of this source, for the functions of doors_router; it lives as long.
    const doors_router *router() const noexcept { return doors_source_router(get()); }
};

// One request, which ends with this object if not before. One thread at a time uses it.
struct request {
    request(source &from, whole<uint32_t> method, bool has_body, std::string_view path, std::string_view cookies, time now,
            random number)
        : source_(from.get()), last_(now) {
        detail::ok(doors_request_begin(source_, method, has_body, path.data(), path.size(), cookies.data(), cookies.size(),
                                       now, number, &request_, &step_));
    }
    request(const request &) = delete;
    request &operator=(const request &) = delete;
    ~request() { doors_request_ended(source_, &request_, last_); }

    const doors_step &step() const noexcept { return step_; } // what to do
    // What its token or cookie means, until it has ended.
    doors_decision decision() const {
        return detail::filled<doors_decision>([&](auto *out) { return doors_request_decision(source_, &request_, out); });
    }
    // The attempt has ended without an answer; source::dialled() was told of its dial.
    const doors_step &next(whole<uint32_t> outcome, time now, random number) {
        return stepped(now, doors_request_next(source_, &request_, outcome, now, number, &step_));
    }
    // source::dialled() and next() in one.
    const doors_step &failed(whole<uint32_t> outcome, time now, random number) {
        return stepped(now, doors_request_failed(source_, &request_, outcome, now, number, &step_));
    }
    const doors_step &resume(time now, random number) {
        return stepped(now, doors_request_resume(source_, &request_, now, number, &step_));
    }
    std::pair<std::vector<doors_place>, doors_report> choices(time now) {
        std::pair<std::vector<doors_place>, doors_report> out;
        out.first = detail::listed<doors_place>([&](auto *list, size_t room, size_t *count) {
            return doors_request_choices(source_, &request_, now, list, room, count, &out.second);
        });
        return out;
    }
    const doors_step &chose(whole<uint32_t> upstream, const doors_pod &pod, time now) {
        return stepped(now, doors_request_chose(source_, &request_, upstream, &pod, now, &step_));
    }
    const doors_step &chose_none(time now, random number) {
        return stepped(now, doors_request_chose_none(source_, &request_, now, number, &step_));
    }
    // With DOORS_OPTION_USER_RETRIES: the retries are over; `outcome` is 0 if the last one was told to next().
    const doors_step &give_up(whole<uint32_t> outcome, time now, random number) {
        return stepped(now, doors_request_give_up(source_, &request_, outcome, now, number, &step_));
    }
    // The pod has begun to answer; `marks` are DOORS_MARK_*, added up. DOORS_STEP_DONE: pass the answer on.
    const doors_step &answered(whole<uint32_t> marks, time now, random number) {
        return stepped(now, doors_request_answered(source_, &request_, marks, now, number, &step_));
    }
    void ended(time now) { detail::ok(doors_request_ended(source_, &request_, now)); }

private:
    const doors_step &stepped(int64_t now, int32_t status) {
        last_ = now;
        detail::ok(status);
        return step_;
    }
    doors_source *source_;
    int64_t last_;
    doors_request request_{};
    doors_step step_{};
};
} // namespace doors
#endif // DOORS_CADDY_HPP
