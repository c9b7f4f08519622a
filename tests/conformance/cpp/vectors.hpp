// The vectors in tests/vectors, and the names of numbers. Each function returns how many vectors it checked.
#pragma once
#include "checks.hpp"

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

// The name of every number, and "unknown" for all others.
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
