// The interface itself: failing calls, the layout of structs, integers out of range, and threads.
#pragma once
#include "checks.hpp"

// Errors that the vectors do not reach, each with its message.
static size_t contract() {
    doors::cipher cipher(KEY);
    doors::cidrs table("10.0.0.0/8");
    doors::router router(CONFIG);
    char room[DOORS_TOKEN_SIZE];
    size_t length = 99;
    uint32_t index = 99;
    doors_decision decision;
    const doors_addr addr = {{10, 0, 0, 7}, 4}, shorter = {{10, 0, 0, 7}, 3};
    const std::pair<int32_t, int32_t> calls[] = {
        {DOORS_STATUS_BUFFER, doors_cipher_encode(cipher.get(), &addr, room, 43, &length)},
        {DOORS_STATUS_ADDRESS, doors_cipher_encode(cipher.get(), &shorter, room, sizeof room, &length)},
        {DOORS_STATUS_ADDRESS, doors_cidrs_lookup(table.get(), &shorter, &index)},
        {DOORS_STATUS_NULL_POINTER, doors_cipher_encode(nullptr, &addr, room, sizeof room, &length)},
        {DOORS_STATUS_NULL_POINTER, doors_cipher_encode(cipher.get(), nullptr, room, sizeof room, &length)},
        {DOORS_STATUS_NULL_POINTER, doors_cidrs_lookup(table.get(), &addr, nullptr)},
        {DOORS_STATUS_NULL_POINTER, doors_router_decide(router.get(), nullptr, 1, nullptr, 0, &decision)},
        {DOORS_STATUS_RANGE, doors_check(99, "x", 1, nullptr)}};
    for (auto [status, got] : calls) check(status == got, "contract");
    check(length == 99 && index == 99, "outputs of failed calls");
    const std::string large((64u << 20) + 1, ' ');
    doors::cipher moved(std::move(cipher));
    const std::pair<int32_t, std::function<void()>> failing[] = {
        {DOORS_STATUS_NO_MATCH, [&] { router.upstream(1); }},
        {DOORS_STATUS_NULL_POINTER, [&] { cipher.encode(parsed("10.0.0.1")); }},
        {DOORS_STATUS_ADDRESS, [&] { moved.encode(doors_addr{}); }},
        {DOORS_STATUS_ADDRESS, [&] { doors::address(addr.bytes, 3); }},
        {DOORS_STATUS_TOO_LARGE, [&] { doors::router made(large); }},
        {DOORS_STATUS_CIDR, [] { doors::cidrs made(""); }},
        {DOORS_STATUS_SECRET, [] { doors::cipher made(""); }},
        {DOORS_STATUS_CONFIG, [] { doors::check(DOORS_FIELD_PORT, "70000"); }}};
    for (const auto &[status, call] : failing) {
        doors::error error = refused(call);
        check(error.status == status && *error.what(), error.what());
    }
    doors_cipher_free(nullptr);
    doors_cidrs_free(nullptr);
    doors_router_free(nullptr);
    doors_state_free(nullptr);
    doors_source_free(nullptr);
    static_assert(!std::is_copy_constructible_v<doors::cipher> && std::is_nothrow_move_constructible_v<doors::router>);
    return std::size(calls);
}

// The compiler's view of the header matches the library.
static size_t interface() {
    json abi = read("rust/capi/abi.json");
    check(abi.at("abi") == DOORS_ABI && doors_abi() == DOORS_ABI, "ABI");
    check(std::string(doors_version()) == DOORS_VERSION, "version");
    size_t members = 0;
    auto layout = [&](const char *name, size_t size, std::initializer_list<std::pair<const char *, size_t>> offsets) {
        const json &expected = abi.at("structs").at(name);
        check(expected.at("size") == size && expected.at("members").size() == offsets.size(), name);
        size_t i = 0;
        for (auto [member, offset] : offsets) {
            const json &one = expected.at("members").at(i++);
            check(one.at("name") == member && one.at("offset") == offset, std::string(name) + "." + member);
            members++;
        }
    };
#define AT(type, member) {#member, offsetof(type, member)}
    layout("doors_error", sizeof(doors_error),
           {AT(doors_error, status), AT(doors_error, index), AT(doors_error, message)});
    layout("doors_addr", sizeof(doors_addr), {AT(doors_addr, bytes), AT(doors_addr, len)});
    layout("doors_decision", sizeof(doors_decision),
           {AT(doors_decision, kind), AT(doors_decision, reason), AT(doors_decision, upstream), AT(doors_decision, key),
            AT(doors_decision, port), AT(doors_decision, path), AT(doors_decision, addr), AT(doors_decision, reserved)});
    layout("doors_pod", sizeof(doors_pod), {AT(doors_pod, addr), AT(doors_pod, port), AT(doors_pod, reserved)});
    layout("doors_idle", sizeof(doors_idle),
           {AT(doors_idle, answer), AT(doors_idle, in_flight), AT(doors_idle, streams), AT(doors_idle, used),
            AT(doors_idle, last_seen), AT(doors_idle, wait)});
    layout("doors_limits", sizeof(doors_limits),
           {AT(doors_limits, max_pods), AT(doors_limits, max_waiting), AT(doors_limits, max_lookups),
            AT(doors_limits, max_slow_lookups), AT(doors_limits, refreshes_per_second), AT(doors_limits, reserved)});
    layout("doors_options", sizeof(doors_options),
           {AT(doors_options, gone_after), AT(doors_options, drain_max), AT(doors_options, roll_time),
            AT(doors_options, page_wait), AT(doors_options, refresh),
            AT(doors_options, stale_max), AT(doors_options, first_lookup), AT(doors_options, resolver),
            AT(doors_options, gone_rate), AT(doors_options, flags), AT(doors_options, reserved)});
    layout("doors_known_pod", sizeof(doors_known_pod),
           {AT(doors_known_pod, pod), AT(doors_known_pod, upstream), AT(doors_known_pod, first_seen),
            AT(doors_known_pod, last_seen), AT(doors_known_pod, unreachable_since),
            AT(doors_known_pod, marked_since), AT(doors_known_pod, draining_since),
            AT(doors_known_pod, drained_since), AT(doors_known_pod, evicted_since), AT(doors_known_pod, refused),
            AT(doors_known_pod, in_flight), AT(doors_known_pod, streams), AT(doors_known_pod, verdict),
            AT(doors_known_pod, fresh), AT(doors_known_pod, marked), AT(doors_known_pod, reserved)});
    layout("doors_eviction", sizeof(doors_eviction),
           {AT(doors_eviction, addr), AT(doors_eviction, bits), AT(doors_eviction, upstream), AT(doors_eviction, rate),
            AT(doors_eviction, flags), AT(doors_eviction, since), AT(doors_eviction, told),
            AT(doors_eviction, reserved)});
    layout("doors_event", sizeof(doors_event),
           {AT(doors_event, number), AT(doors_event, at), AT(doors_event, upstream), AT(doors_event, pod),
            AT(doors_event, bits), AT(doors_event, kind), AT(doors_event, pages), AT(doors_event, reserved)});
    layout("doors_lookup", sizeof(doors_lookup),
           {AT(doors_lookup, host), AT(doors_lookup, resolver), AT(doors_lookup, name_len), AT(doors_lookup, name),
            AT(doors_lookup, reserved)});
    layout("doors_host_report", sizeof(doors_host_report),
           {AT(doors_host_report, change), AT(doors_host_report, flags)});
    layout("doors_host_state", sizeof(doors_host_state),
           {AT(doors_host_state, resolver), AT(doors_host_state, generation), AT(doors_host_state, age),
            AT(doors_host_state, failing_for), AT(doors_host_state, refresh), AT(doors_host_state, failure),
            AT(doors_host_state, users), AT(doors_host_state, active), AT(doors_host_state, partial),
            AT(doors_host_state, reserved), AT(doors_host_state, name_len), AT(doors_host_state, name)});
    layout("doors_request", sizeof(doors_request),
           {AT(doors_request, opaque)});
    layout("doors_report", sizeof(doors_report),
           {AT(doors_report, flags), AT(doors_report, suppressed), AT(doors_report, dropped_host),
            AT(doors_report, dropped_addr), AT(doors_report, changed_upstream), AT(doors_report, changed_pod),
            AT(doors_report, changed_verdict), AT(doors_report, draining_upstream),
            AT(doors_report, draining_pod), AT(doors_report, draining), AT(doors_report, background_upstream),
            AT(doors_report, background_pod), AT(doors_report, outside_upstream), AT(doors_report, outside_addr),
            AT(doors_report, reserved)});
    layout("doors_step", sizeof(doors_step),
           {AT(doors_step, kind), AT(doors_step, upstream), AT(doors_step, pod), AT(doors_step, probe),
            AT(doors_step, status), AT(doors_step, retry_after), AT(doors_step, cause), AT(doors_step, page),
            AT(doors_step, last_choice), AT(doors_step, until), AT(doors_step, report)});
    layout("doors_place", sizeof(doors_place),
           {AT(doors_place, upstream), AT(doors_place, tier), AT(doors_place, pod)});
#undef AT
    check(abi.at("structs").size() == 17, "structs");
    return abi.at("functions").size();
}

// True if the call throws a std::out_of_range that states the valid range.
template <typename Call> static bool out_of_range(Call call) {
    try {
        call();
    } catch (const std::out_of_range &error) {
        return std::string(error.what()).find("must be from 0 to") != std::string::npos;
    }
    return false;
}

// An integer that does not fit is refused, not truncated.
static size_t integers() {
    doors::state state;
    doors::source source(state, CONFIG);
    const doors_addr addr = doors::address("\x0a\0\0\7", 4);
    const doors_pod pod = doors::pod(addr, 80);
    const int minus = -1;
    check(pod.port == 80, "integers: port");
    check(out_of_range([&] { doors::pod(addr, 65536); }), "integers: port 65536");
    check(out_of_range([&] { doors::pod(addr, minus); }), "integers: port -1");
    check(out_of_range([&] { state.limit((uint64_t(1) << 32) + 1); }), "integers: max_pods");
    check(out_of_range([&] { state.due(0, minus); }), "integers: random");
    check(out_of_range([&] { source.dialled(0, pod, minus, 0, 1u); }), "integers: outcome");
    check(out_of_range([&] { doors::check((uint64_t(1) << 32) + DOORS_FIELD_PORT, "80"); }), "integers: field");
    check(doors::whole<uint64_t>(UINT64_MAX) == UINT64_MAX, "integers: the greatest");
    try {
        state.due(uint64_t(1) << 63, 1u);
        check(false, "integers: now");
    } catch (const std::out_of_range &error) {
        check(std::string(error.what()) == "9223372036854775808 must be from -9223372036854775808 to 9223372036854775807", error.what());
    }
    return 7;
}

// One cipher and one router, used by 8 threads at once.
static size_t threads() {
    const doors::cipher cipher(KEY);
    const doors::router router(CONFIG);
    unsigned wrong[8] = {};
    std::vector<std::thread> workers;
    for (uint8_t n = 0; n < 8; n++) {
        workers.emplace_back([&, n] {
            const uint8_t address[4] = {10, 0, 0, uint8_t(n + 1)};
            for (int i = 0; i < 500; i++) {
                std::string token = cipher.encode(doors::address(address, 4));
                doors_decision got = router.decide("/~/" + token + "/s/1");
                if (got.kind != DOORS_DECISION_POD || got.addr.bytes[3] != address[3]) wrong[n]++;
            }
        });
    }
    for (std::thread &worker : workers) worker.join();
    for (unsigned count : wrong) check(count == 0, "threads");
    return workers.size();
}
