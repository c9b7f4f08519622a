// The part of doors_caddy.hpp about hosts, pods and requests. Include that file. Licence: Apache-2.0.
#ifndef DOORS_CADDY_FLOW_HPP
#define DOORS_CADDY_FLOW_HPP
#include "doors_caddy.hpp"

namespace doors {
// The address and port of a pod.
inline doors_pod pod(const doors_addr &addr, whole<uint16_t> port) { return {addr, port, 0}; }

// An eviction of the pods in a network (`len` 0 for all addresses) of an upstream (0 for any).
inline doors_eviction eviction(const doors_addr &addr, whole<uint32_t> bits, uint64_t upstream = 0,
                               whole<uint32_t> rate = 0, whole<uint32_t> flags = 0) {
    return {addr, bits, upstream, rate, flags, 0, 0, {}};
}

// The limits of a process, with their defaults.
inline doors_limits limits() { return detail::filled<doors_limits>(doors_limits_init); }
// The options of one configuration, with their defaults. Durations are in nanoseconds.
inline doors_options options() { return detail::filled<doors_options>(doors_options_init); }

using time = whole<int64_t>;    // nanoseconds of one monotonic clock, such as steady_clock's
using random = whole<uint64_t>; // another number for each call

// What a process knows about hosts and pods. A process needs only one, and it outlives configurations.
struct state : detail::handle<doors_state, doors_state_free> {
    explicit state(const doors_limits &most = limits())
        : handle([&](doors_state **out) { return doors_state_new(&most, out); }) {}
    // Changes the maximum number of remembered pods.
    void limit(whole<uint32_t> max_pods) { detail::ok(doors_state_limit(get(), max_pods)); }

    // The hosts to look up now, and the time of the next call. Call at once after a report with DOORS_REPORT_LOOKUPS_DUE.
    std::pair<std::vector<doors_lookup>, int64_t> due(time now, random number) {
        std::pair<std::vector<doors_lookup>, int64_t> out(64, 0);
        size_t count = 0;
        detail::ok(doors_state_due(get(), now, number, out.first.data(), out.first.size(), &count, &out.second));
        out.first.resize(count);
        return out;
    }
    // Reports the addresses found by a lookup. `missing` combines DOORS_MISSING_*; `failure` is DOORS_LOOKUP_* or 0.
    doors_host_report resolved(uint64_t host, const std::vector<doors_addr> &list, time now, random number,
                               whole<uint32_t> missing = 0, whole<uint32_t> failure = 0) {
        return detail::filled<doors_host_report>([&](auto *out) {
            return doors_state_resolved(get(), host, list.data(), list.size(), missing, failure, now, number, out);
        });
    }
    // Reports addresses that arrived after the end of their lookup was reported.
    doors_host_report resolved_late(uint64_t host, const std::vector<doors_addr> &list, time now) {
        return detail::filled<doors_host_report>([&](auto *out) {
            return doors_state_resolved_late(get(), host, list.data(), list.size(), now, out);
        });
    }
    // Reports a lookup that found no addresses. `failure` is DOORS_LOOKUP_*.
    doors_host_report lookup_failed(uint64_t host, whole<uint32_t> failure, time now, random number) {
        return detail::filled<doors_host_report>(
            [&](auto *out) { return doors_state_lookup_failed(get(), host, failure, now, number, out); });
    }
    // What is known about a host, and its addresses. Throws DOORS_STATUS_NO_MATCH for an unknown or forgotten host.
    std::pair<doors_host_state, std::vector<doors_addr>> host(uint64_t number, time now) const {
        std::pair<doors_host_state, std::vector<doors_addr>> out;
        out.second = detail::listed<doors_addr>([&](auto *list, size_t room, size_t *count) {
            return doors_state_host(get(), number, now, &out.first, list, room, count);
        });
        return out;
    }
    // Lists at most `most` pods by address (IPv4 first) and port, after the pod `after` or from the first.
    std::vector<doors_known_pod> pods(const std::optional<doors_pod> &after = {}, size_t most = 1000) const {
        std::vector<doors_known_pod> list(most);
        size_t count = 0, known = 0;
        detail::ok(doors_state_pods(get(), after ? &*after : nullptr, list.data(), most, &count, &known));
        list.resize(count);
        return list;
    }
    // The number of known pods.
    size_t known() const {
        size_t count = 0, known = 0;
        detail::ok(doors_state_pods(get(), nullptr, nullptr, 0, &count, &known));
        return known;
    }
    // The verdict on a pod, DOORS_VERDICT_*.
    uint32_t verdict(const doors_pod &pod) const {
        return detail::filled<uint32_t>([&](auto *out) { return doors_state_verdict(get(), &pod, out); });
    }
    // Checks whether the pods at an address had no request for `idle` nanoseconds. `started` is when the caller began to
    // report requests.
    doors_idle idle(const doors_addr &addr, time idle, time started, time now) const {
        return detail::filled<doors_idle>(
            [&](auto *out) { return doors_state_idle(get(), &addr, idle, started, now, out); });
    }
    // Evicts pods until undo(), or changes the eviction with this target: see eviction().
    void evict(const doors_eviction &what, time now) { detail::ok(doors_state_evict(get(), &what, now)); }
    // Cancels the eviction with this target. Throws DOORS_STATUS_NO_MATCH if there is none.
    void undo(const doors_eviction &what, time now) { detail::ok(doors_state_undo(get(), &what, now)); }
    // All evictions, oldest first.
    std::vector<doors_eviction> evictions() const {
        return detail::listed<doors_eviction>(
            [&](auto *list, size_t room, size_t *count) { return doors_state_evictions(get(), list, room, count); });
    }
    // The events after the one with this number (0 for all), oldest first. Only the last 256 events are kept.
    std::vector<doors_event> events(whole<uint64_t> after) const {
        return detail::listed<doors_event>(
            [&](auto *list, size_t room, size_t *count) { return doors_state_events(get(), after, list, room, count); });
    }
};

// One configuration in use. It must outlive its requests, and keeps its state alive.
struct source : detail::handle<doors_source, doors_source_free> {
    source(state &of, std::string_view json, const doors_options &with = options())
        : handle([&](doors_source **out) {
              return detail::explained(
                  [&](auto *why) { return doors_source_new(of.get(), json.data(), json.size(), &with, out, why); });
          }) {}
    // Reports the outcome of a dial. Report background dials too, and dials of requests that have ended.
    doors_report dialled(whole<uint32_t> upstream, const doors_pod &pod, whole<uint32_t> outcome, time now, random number) {
        return detail::filled<doors_report>(
            [&](auto *out) { return doors_source_dialled(get(), upstream, &pod, outcome, now, number, out); });
    }
    // Starts the lookups of an upstream's host or keeps them going. Use it to show the upstream's pods.
    doors_report use(whole<uint32_t> upstream, time now) {
        return detail::filled<doors_report>([&](auto *out) { return doors_source_use(get(), upstream, now, out); });
    }
    // The IDs of the host and of the upstream, as in doors_lookup and doors_known_pod.
    std::pair<uint64_t, uint64_t> upstream(whole<uint32_t> index) const {
        std::pair<uint64_t, uint64_t> out;
        detail::ok(doors_source_upstream(get(), index, &out.first, &out.second));
        return out;
    }
    // The fresh pods of an upstream, inside and outside its networks.
    std::pair<std::vector<doors_pod>, std::vector<doors_pod>> fresh(whole<uint32_t> upstream) const {
        size_t inside = 0;
        auto all = detail::listed<doors_pod>([&](auto *list, size_t room, size_t *count) {
            return doors_source_fresh(get(), upstream, list, room, &inside, count);
        });
        return {{all.begin(), all.begin() + ptrdiff_t(inside)}, {all.begin() + ptrdiff_t(inside), all.end()}};
    }
    // The router of this source. Valid as long as the source.
    router_view router() const noexcept { return router_view(doors_source_router(get())); }
};

// One request. The destructor ends it. For use by one thread at a time.
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
    // The meaning of the request's token or cookie. Throws DOORS_STATUS_NO_MATCH after ended().
    doors_decision decision() const {
        return detail::filled<doors_decision>([&](auto *out) { return doors_request_decision(source_, &request_, out); });
    }
    // Ends the current attempt, which got no response. Its dial must have been reported to source::dialled().
    const doors_step &next(whole<uint32_t> outcome, time now, random number) {
        return stepped(now, doors_request_next(source_, &request_, outcome, now, number, &step_));
    }
    // Combines source::dialled() and next().
    const doors_step &failed(whole<uint32_t> outcome, time now, random number) {
        return stepped(now, doors_request_failed(source_, &request_, outcome, now, number, &step_));
    }
    // Resumes a waiting request, at the time `until` of its step or when a report has DOORS_REPORT_WAKE.
    const doors_step &resume(time now, random number) {
        return stepped(now, doors_request_resume(source_, &request_, now, number, &step_));
    }
    // After DOORS_STEP_CHOOSE: the pods of the best tier that may serve the request.
    std::pair<std::vector<doors_place>, doors_report> choices(time now) {
        std::pair<std::vector<doors_place>, doors_report> out;
        out.first = detail::listed<doors_place>([&](auto *list, size_t room, size_t *count) {
            return doors_request_choices(source_, &request_, now, list, room, count, &out.second);
        });
        return out;
    }
    // Reports the pod chosen by the user's policy.
    const doors_step &chose(whole<uint32_t> upstream, const doors_pod &pod, time now) {
        return stepped(now, doors_request_chose(source_, &request_, upstream, &pod, now, &step_));
    }
    // Reports that the user's policy chose no pod.
    const doors_step &chose_none(time now, random number) {
        return stepped(now, doors_request_chose_none(source_, &request_, now, number, &step_));
    }
    // Ends the retries of a source with DOORS_OPTION_USER_RETRIES. `outcome` is 0 if next() has reported the last one.
    const doors_step &give_up(whole<uint32_t> outcome, time now, random number) {
        return stepped(now, doors_request_give_up(source_, &request_, outcome, now, number, &step_));
    }
    // Reports that the pod has begun to respond. `marks` combines DOORS_MARK_*. After DOORS_STEP_DONE, forward the response.
    const doors_step &answered(whole<uint32_t> marks, time now, random number) {
        return stepped(now, doors_request_answered(source_, &request_, marks, now, number, &step_));
    }
    // Ends the request, whatever the result. A second call does nothing.
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
#endif // DOORS_CADDY_FLOW_HPP
