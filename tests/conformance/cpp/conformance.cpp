// Runs the C++ wrapper over the shared vectors:  conformance REPOSITORY
// Prints how many vectors of each file it checked. Exits with 0 only if all hold. Run it under valgrind to find leaks.
#include <doors_caddy.hpp>

#include <arpa/inet.h>

#include <cstddef>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <thread>
#include <type_traits>

#include <nlohmann/json.hpp>

using nlohmann::json;

static constexpr uint64_t SECOND = 1000000000;
static std::string root;
static unsigned checks, failures;

static void check(bool holds, const std::string &about) {
    checks++;
    if (holds) return;
    if (++failures <= 20) std::cerr << about << '\n';
}

static json read(const std::string &path) { return json::parse(std::ifstream(root + "/" + path)); }

static std::string base64_decoded(const std::string &encoded) {
    static const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0, count = 0;
    for (char c : encoded) {
        if (c == '=') break;
        bits = bits << 6 | unsigned(alphabet.find(c));
        if ((count += 6) >= 8) out.push_back(char(bits >> (count -= 8) & 0xff));
    }
    return out;
}

// The bytes of a member, or of its _base64 form.
static std::string text(const json &vector, const std::string &member) {
    auto encoded = vector.find(member + "_base64");
    return encoded != vector.end() ? base64_decoded(*encoded) : vector.at(member).get<std::string>();
}

static doors_addr parsed(const std::string &address) {
    unsigned char bytes[16];
    if (inet_pton(AF_INET, address.c_str(), bytes) == 1) return doors::address(bytes, 4);
    if (inet_pton(AF_INET6, address.c_str(), bytes) == 1) return doors::address(bytes, 16);
    throw std::invalid_argument(address);
}

static bool same(const doors_addr &address, const json &expected) {
    if (expected.is_null()) return address.len == 0;
    doors_addr other = parsed(expected);
    return address.len == other.len && std::memcmp(address.bytes, other.bytes, sizeof other.bytes) == 0;
}

static std::string shown(const doors_addr &address) {
    char out[INET6_ADDRSTRLEN] = "";
    inet_ntop(address.len == 4 ? AF_INET : AF_INET6, address.bytes, out, sizeof out);
    return out;
}

// A number, DOORS_NONE for null.
static uint32_t number(const json &value) { return value.is_null() ? DOORS_NONE : value.get<uint32_t>(); }
static uint32_t number(std::optional<uint32_t> value) { return value.value_or(DOORS_NONE); }

static doors::error refused(const std::function<void()> &call) {
    try {
        call();
    } catch (const doors::error &error) {
        return error;
    }
    check(false, "a call that must fail succeeded");
    return doors::error(DOORS_STATUS_OK);
}

static bool has(const std::string &message, const std::string &part) { return message.find(part) != std::string::npos; }

// An error is the one that a vector wants.
static void expect(const doors::error &error, int32_t status, const json &vector) {
    std::string message = error.what(), about = vector.at("name").get<std::string>() + ": " + message;
    check(error.status == status && number(error.index) == number(vector.at("index")) && !message.empty(), about);
    for (const json &part : vector.value("contains", json::array())) check(has(message, part), about);
    for (const json &part : vector.value("never", json::array())) check(!has(message, part), about);
}

static size_t tokens() {
    json vectors = read("tests/vectors/tokens.json");
    for (const json &v : vectors.at("accepted")) {
        auto [addr, key] = doors::cipher(text(v, "secret")).decode(text(v, "token"));
        check(same(addr, v.at("address")) && key == v.at("key"), v.at("name"));
    }
    for (const json &v : vectors.at("encoded")) {
        doors::cipher cipher(text(v, "secret"));
        std::string token = cipher.encode(parsed(v.at("address")));
        check(token.size() == v.at("length") && same(cipher.decode(token).first, v.at("decodes_to")), v.at("name"));
    }
    const json statuses = {{"base64", DOORS_STATUS_TOKEN_FORMAT}, {"cipher", DOORS_STATUS_TOKEN_REFUSED}};
    for (const json &v : vectors.at("refused")) {
        doors::error error = refused([&] { doors::cipher(text(v, "secret")).decode(text(v, "token")); });
        check(error.status == statuses.at(v.at("error").get<std::string>()), v.at("name"));
        check(std::string(error.what()) == doors_status_str(error.status), v.at("name"));
    }
    return vectors.at("accepted").size() + vectors.at("encoded").size() + vectors.at("refused").size();
}

static size_t secrets() {
    json vectors = read("tests/vectors/secrets.json");
    for (const json &v : vectors.at("accepted")) {
        doors::cipher cipher(text(v, "secret"));
        doors::check(DOORS_FIELD_SECRET, text(v, "secret"));
        doors::router router(json{{"secret", v.at("secret")},
                                  {"upstreams", {{{"cidr", "10.0.0.0/24"}, {"host", "a"}, {"port", 1}}}}}.dump());
        check(json(cipher.key_ids()) == v.at("key_ids") && json(router.key_ids()) == v.at("key_ids"), v.at("name"));
    }
    for (const json &v : vectors.at("refused")) {
        std::string secret = text(v, "secret");
        for (const doors::error &error : {refused([&] { doors::cipher made(secret); }),
                                          refused([&] { doors::check(DOORS_FIELD_SECRET, secret); })}) {
            expect(error, DOORS_STATUS_SECRET, v);
            std::istringstream keys(secret);
            for (std::string key; keys >> key;) check(key.size() <= 8 || !has(error.what(), key.substr(0, 8)), v.at("name"));
        }
    }
    return vectors.at("accepted").size() + vectors.at("refused").size();
}

static std::string joined(const json &list) {
    std::string out;
    for (const json &item : list) out += (out.empty() ? "" : " ") + item.get<std::string>();
    return out;
}

static size_t cidrs() {
    json vectors = read("tests/vectors/cidrs.json");
    size_t count = vectors.at("refused").size();
    for (const json &v : vectors.at("tables")) {
        doors::cidrs table(joined(v.at("cidrs")));
        for (const json &lookup : v.at("lookups"))
            check(number(table.lookup(parsed(lookup.at("address")))) == number(lookup.at("index")), lookup.dump());
        count += v.at("lookups").size();
    }
    for (const json &v : vectors.at("refused"))
        expect(refused([&] { doors::cidrs table(joined(v.at("cidrs"))); }), DOORS_STATUS_CIDR, v);
    return count;
}

static size_t decisions() {
    json vectors = read("tests/vectors/decisions.json");
    size_t count = 0;
    for (const json &v : vectors.at("routers")) {
        doors::router router(v.at("config").dump());
        for (const json &request : v.at("requests")) {
            count++;
            std::string about = v.at("name").get<std::string>() + ": " + request.at("name").get<std::string>();
            doors_decision got = router.decide(text(request, "path"), text(request, "cookies"));
            check(got.kind == request.at("kind") && got.reason == request.at("reason"), about);
            check(got.upstream == number(request.at("upstream")) && got.key == number(request.at("key")), about);
            check(got.port == request.at("port") && got.path == request.at("path_kind"), about);
            check(same(got.addr, request.at("address")), about);
            if (got.upstream != DOORS_NONE) {
                auto [host, port] = router.upstream(got.upstream);
                check(host == v.at("config").at("upstreams").at(got.upstream).at("host").get<std::string>(), about);
                check(port == got.port, about);
            }
            if (got.kind == DOORS_DECISION_POD) check(router.lookup(got.addr) == got.upstream, about);
        }
    }
    return count;
}

static size_t config() {
    json vectors = read("tests/vectors/config.json");
    for (const json &v : vectors.at("accepted")) {
        doors::router router(text(v, "json"));
        check(router.upstreams() == v.at("upstreams"), v.at("name"));
        for (uint32_t i = 0; i < router.upstreams(); i++) doors::check(DOORS_FIELD_HOST, router.upstream(i).first);
        std::vector<std::string> warnings = router.warnings();
        check(warnings.size() == v.at("warnings").size(), v.at("name"));
        for (size_t i = 0; i < warnings.size(); i++)
            for (const json &part : v.at("warnings").at(i)) check(has(warnings[i], part), warnings[i]);
    }
    for (const json &v : vectors.at("refused"))
        expect(refused([&] { doors::router router(text(v, "json")); }), v.at("status"), v);
    return vectors.at("accepted").size() + vectors.at("refused").size();
}

// The words of every number, and "unknown" for all others.
static size_t numbers() {
    const std::pair<const char *, const char *(*)(uint32_t)> functions[] = {
        {"status", [](uint32_t n) { return doors::name(doors_status_code(n)); }},
        {"decision", [](uint32_t n) { return doors::name(doors_decision_code(n)); }},
        {"reason", [](uint32_t n) { return doors::name(doors_reason_code(n)); }},
        {"path", [](uint32_t n) { return doors::name(doors_path_code(n)); }},
        {"outcome", [](uint32_t n) { return doors::name(doors_outcome_code(n)); }},
        {"verdict", [](uint32_t n) { return doors::name(doors_verdict_code(n)); }},
        {"idle", [](uint32_t n) { return doors::name(doors_idle_code(n)); }},
        {"step", [](uint32_t n) { return doors::name(doors_step_code(n)); }},
        {"cause", [](uint32_t n) { return doors::name(doors_cause_code(n)); }},
        {"lookup", [](uint32_t n) { return doors::name(doors_lookup_code(n)); }},
        {"host", [](uint32_t n) { return doors::name(doors_host_code(n)); }},
        {"event", [](uint32_t n) { return doors::name(doors_event_code(n)); }},
    };
    json vectors = read("tests/conformance/names.json");
    size_t count = 0;
    check(vectors.size() == std::size(functions), "names.json");
    check(std::string(doors::version()) == DOORS_VERSION, "version");
    for (auto [what, name_of] : functions) {
        for (uint32_t n = 0; n < 256; n++)
            check(vectors.at(what).value(std::to_string(n), "unknown") == name_of(n), what + std::to_string(n));
        count += vectors.at(what).size();
    }
    return count;
}

static const std::string KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
static const std::string CONFIG =
    R"({"secret": ")" + KEY + R"(", "upstreams": [{"cidr": "10.0.0.0/24", "host": "svc.example", "port": 8080}]})";

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

// What the compiler makes of the header is what the library was built with.
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

// True if the call throws std::out_of_range that says what fits.
template <typename Call> static bool out_of_range(Call call) {
    try {
        call();
    } catch (const std::out_of_range &error) {
        return std::string(error.what()).find("must be from 0 to") != std::string::npos;
    }
    return false;
}

// An integer that does not fit is refused and not cut off.
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
    return 7;
}

// A small rollout: each call, and what it says.
static size_t flow() {
    json script = read("tests/conformance/flow.json");
    const json &config = script.at("config");
    const uint16_t port = config.at("upstreams").at(0).at("port");
    const int64_t start = script.at("start"), second = int64_t(SECOND);
    doors::cipher cipher(config.at("secret").get<std::string>());
    doors::state state;
    doors::source source(state, config.dump());
    check(source.router().upstreams() == 1 && source.router().key_ids() == cipher.key_ids(), "router");
    auto [host, upstream] = source.upstream(0);
    std::map<std::string, std::unique_ptr<doors::request>> requests;
    auto seconds = [&](int64_t time) { return time ? time / second - start : 0; };
    auto address = [](const doors_addr &addr) { return addr.len ? json(shown(addr)) : json(); };
    auto numbers = [&](const doors_report &r) {
        json changed, background;
        if (r.flags & DOORS_REPORT_CHANGED) changed = {shown(r.changed_pod.addr), uint32_t(r.changed_verdict)};
        if (r.flags & DOORS_REPORT_BACKGROUND) background = shown(r.background_pod.addr);
        return json{uint32_t(r.flags), changed, background};
    };
    auto step_of = [&](const doors_step &s) {
        int64_t until = s.until ? (s.until - start * second) / 1000000 : 0;
        json out{uint32_t(s.kind), address(s.pod.addr), s.probe, s.last_choice, s.status, s.retry_after,
                 uint32_t(s.cause), s.page, until};
        for (const json &number : numbers(s.report)) out.push_back(number);
        return out;
    };
    auto all = [&](const auto &pods) {
        json list = json::array();
        for (const doors_pod &pod : pods) list.push_back(shown(pod.addr));
        return list;
    };
    auto act = [&](const json &step) -> json {
        const std::string call = step.at("call");
        const int64_t now = (start + step.at("seconds").get<int64_t>()) * second;
        const doors_pod pod{parsed(step.value("pod", "::")), port, 0};
        std::vector<doors_addr> list;
        for (const json &one : step.value("addresses", json::array())) list.push_back(parsed(one));
        std::unique_ptr<doors::request> &request = requests[step.value("request", "")];
        auto told = [](const doors_host_report &r) { return json{uint32_t(r.change), uint32_t(r.flags)}; };
        if (call == "due") {
            json names = json::array();
            for (const doors_lookup &lookup : state.due(now, 1u).first) names.push_back(lookup.name);
            return names;
        }
        if (call == "resolved") return told(state.resolved(host, list, now, 1u));
        if (call == "resolved_late") return told(state.resolved_late(host, list, now));
        if (call == "lookup_failed") return told(state.lookup_failed(host, step.at("failure").get<uint32_t>(), now, 1u));
        if (call == "begin") {
            std::string path = step.at("path"), name = "{10.0.0.1}";
            if (size_t at = path.find(name); at != path.npos)
                path.replace(at, name.size(), cipher.encode(parsed("10.0.0.1")));
            request = std::make_unique<doors::request>(source, step.at("method").get<uint32_t>(), step.value("body", false),
                                                       path, "", now, 1u);
            json out{uint32_t(request->decision().kind)};
            for (const json &number : step_of(request->step())) out.push_back(number);
            return out;
        }
        if (call == "dialled") return numbers(source.dialled(0u, pod, step.at("outcome").get<uint32_t>(), now, 1u));
        if (call == "verdict") return state.verdict(pod);
        if (call == "pods") {
            json out = json::array();
            for (const doors_known_pod &k : state.pods()) {
                check(k.upstream == upstream && k.pod.port == port, "pods");
                out.push_back({shown(k.pod.addr), seconds(k.first_seen), seconds(k.last_seen), k.refused, k.in_flight,
                               k.streams, uint32_t(k.verdict), k.fresh});
            }
            check(out.size() == state.known(), "known");
            return out;
        }
        if (call == "host") {
            auto [known, addresses] = state.host(host, now);
            json found = json::array();
            for (const doors_addr &addr : addresses) found.push_back(shown(addr));
            return {known.name, found, known.generation, uint32_t(known.failure), known.failing_for / second, known.users};
        }
        if (call == "fresh") return {all(source.fresh(0u).first), all(source.fresh(0u).second)};
        if (call == "idle") {
            doors_idle idle = state.idle(pod.addr, step.at("idle").get<int64_t>() * second,
                                         step.at("started").get<int64_t>() * second, now);
            return {uint32_t(idle.answer), idle.in_flight, idle.streams, idle.used, seconds(idle.last_seen), idle.wait};
        }
        if (call == "evict" || call == "undo") {
            const doors_eviction what = doors::eviction(pod.addr, step.at("bits").get<uint32_t>(), 0,
                                                        step.value("rate", uint32_t{0}), step.value("flags", uint32_t{0}));
            call == "evict" ? state.evict(what, now) : state.undo(what, now);
            return json();
        }
        if (call == "evictions") {
            json out = json::array();
            for (const doors_eviction &e : state.evictions())
                out.push_back({shown(e.addr), e.bits, e.upstream, e.rate, e.flags, seconds(e.since), e.told});
            return out;
        }
        if (call == "events") {
            json out = json::array();
            for (const doors_event &e : state.events(step.at("after").get<uint64_t>()))
                out.push_back({e.number, uint32_t(e.kind), shown(e.pod.addr), e.bits, e.pages, seconds(e.at)});
            return out;
        }
        if (call == "limit") return state.limit(step.at("max_pods").get<uint32_t>()), json();
        if (call == "next") return step_of(request->next(step.at("outcome").get<uint32_t>(), now, 1u));
        if (call == "failed") return step_of(request->failed(step.at("outcome").get<uint32_t>(), now, 1u));
        if (call == "resume") return step_of(request->resume(now, 1u));
        if (call == "answered") return step_of(request->answered(step.value("marks", uint32_t{0}), now, 1u));
        if (call == "ended") return request->ended(now), json();
        return "no such call";
    };
    for (const json &step : script.at("steps")) {
        json got = act(step);
        check(got == step.at("want"), step.at("name").get<std::string>() + ": " + got.dump());
    }
    return script.at("steps").size();
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
