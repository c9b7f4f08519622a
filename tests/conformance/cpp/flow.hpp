// A rollout, step by step, from tests/conformance/flow.json.
#pragma once
#include "checks.hpp"

// A small rollout: the result of each call.
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
