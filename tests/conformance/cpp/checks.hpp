// What all parts of the conformance test share: counting checks, reading vectors, comparing results.
#pragma once
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

// The bytes of a member, decoded if it has the suffix _base64.
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

// A number; DOORS_NONE for null.
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

// Compares an error with the one that a vector wants.
static void expect(const doors::error &error, int32_t status, const json &vector) {
    std::string message = error.what(), about = vector.at("name").get<std::string>() + ": " + message;
    check(error.status == status && number(error.index) == number(vector.at("index")) && !message.empty(), about);
    for (const json &part : vector.value("contains", json::array())) check(has(message, part), about);
    for (const json &part : vector.value("never", json::array())) check(!has(message, part), about);
}

static const std::string KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
static const std::string CONFIG =
    R"({"secret": ")" + KEY + R"(", "upstreams": [{"cidr": "10.0.0.0/24", "host": "svc.example", "port": 8080}]})";
