package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// The statuses of the C API.
const statusSecret, statusCIDR, statusConfig = 10, 11, 12

type acceptedConfig struct {
	Name      string     `json:"name"`
	JSON      string     `json:"json"`
	Upstreams int        `json:"upstreams"`
	Warnings  [][]string `json:"warnings"`
}

type refusedConfig struct {
	Name       string   `json:"name"`
	JSON       string   `json:"json"`
	JSONBase64 string   `json:"json_base64,omitempty"`
	Status     int      `json:"status"`
	Index      *int     `json:"index"`
	Contains   []string `json:"contains"`
	Never      []string `json:"never"`
}

type configs struct {
	Accepted []acceptedConfig `json:"accepted"`
	Refused  []refusedConfig  `json:"refused"`
}

func configVectors() configs { return configs{acceptedConfigs(), refusedConfigs()} }

const (
	firstUpstream  = `{"cidr": "10.0.0.0/24", "host": "blue", "port": 8080}`
	secondUpstream = `{"cidr": "10.0.1.0/24", "host": "green", "port": 8081}`
)

// good are the members of a valid configuration, and members returns it with some of them changed.
func members(changes ...string) string {
	values := map[string]string{
		"secret":      quote(secretOf(keyA32)),
		"cookie_name": `"upstream"`,
		"upstreams":   "[" + firstUpstream + ", " + secondUpstream + "]",
	}
	order := []string{"secret", "cookie_name", "upstreams"}
	return object(values, order, changes)
}

// object returns an object with its members in the given order. changes are pairs of a name and a
// value; "" omits a member.
func object(values map[string]string, order, changes []string) string {
	for i := 0; i < len(changes); i += 2 {
		if _, known := values[changes[i]]; !known {
			order = append(order, changes[i])
		}
		values[changes[i]] = changes[i+1]
	}
	var parts []string
	for _, name := range order {
		if values[name] != "" {
			parts = append(parts, quote(name)+": "+values[name])
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(quoted)
}

// upstream returns an upstream with the given members changed. "" omits one.
func upstream(changes ...string) string {
	values := map[string]string{"cidr": `"10.0.0.0/24"`, "host": `"blue"`, "port": "8080"}
	order := []string{"cidr", "host", "port"}
	return object(values, order, changes)
}

// only returns a configuration with one upstream.
func only(upstream string) string { return members("cookie_name", "", "upstreams", "["+upstream+"]") }

// behind returns a configuration with the given upstream in second place.
func behind(upstream string) string {
	return members("upstreams", "["+secondUpstream+", "+upstream+"]")
}

func acceptedConfigs() (all []acceptedConfig) {
	accept := func(name, text string, upstreams int, warnings ...[]string) {
		all = append(all, acceptedConfig{name, text, upstreams, append([][]string{}, warnings...)})
	}
	accept("the documented one", `{"secret": `+quote(secretOf(keyA32))+`, "cookie_name": "upstream",
     "upstreams": [{"cidr": "10.0.0.0/24", "host": "svc.namespace.svc.cluster.local", "port": 8080}]}`, 1)
	accept("with its source", members("source", `"doors_upstream"`), 2)
	accept("one upstream without a cookie name", only(upstream()), 1)
	accept("one upstream with a cookie name", members("upstreams", "["+upstream()+"]"), 1)
	accept("two upstreams", members(), 2)
	accept("members in another order", `{"upstreams":[{"port":1,"host":"a","cidr":"10.0.0.0/8"}],"secret":`+quote(secretOf(keyA32))+`}`, 1)
	accept("white space", "\n\t "+members()+" \r\n", 2)
	accept("escapes in strings", only(`{"\u0063idr": "10.0.0.0\/24", "host": "bl\u0075e", "port": 8080}`), 1)
	for _, k := range namedKeys {
		accept(k.name, members("secret", quote(secretOf(k.key))), 2)
	}
	accept("eight keys", members("secret", quote(secretOf(manyKeys(8)...))), 2)
	accept("keys separated by line breaks", members("secret", quote(secretOf(keyA32)+"\n"+secretOf(keyB32)+"\n")), 2)
	accept("a list of CIDRs", only(upstream("cidr", "", "cidrs", `["10.0.0.0/24", "10.1.0.0/24", "2001:db8::/32"]`)), 1)
	accept("a list of one CIDR", only(upstream("cidr", "", "cidrs", `["10.0.0.0/24"]`)), 1)
	accept("a list of hosts", only(upstream("host", "", "hosts", `["blue", "10.0.0.1", "2001:db8::1", "green.example"]`)), 1)
	accept("a list of one host", only(upstream("host", "", "hosts", `["blue"]`)), 1)
	accept("an IPv6 CIDR", only(upstream("cidr", `"2001:db8::/32"`)), 1)
	accept("an IPv4-mapped CIDR", only(upstream("cidr", `"::ffff:10.0.0.0/120"`)), 1)
	accept("overlapping CIDRs of two upstreams", behind(upstream("cidr", `"10.0.0.0/16"`)), 2)
	accept("the same host twice", behind(upstream("host", `"green"`)), 2)
	for _, port := range []string{"1", "80", "65535"} {
		accept("port "+port, only(upstream("port", port)), 1)
	}
	for _, host := range []string{"localhost", "svc", "svc.namespace.svc.cluster.local", "svc.namespace.svc.cluster.local.", "SVC.Example",
		"my-svc", "my_svc", "1.example", "10.0.0.1.example.", "127.0.0.1", "10.0.0.1", "2001:db8::1", "::1", "fec0::1", strings.Repeat("a", 63) + ".example"} {
		accept("host "+host, only(upstream("host", quote(host))), 1)
	}
	for _, name := range []string{"upstream", "__Host-upstream", "a", "A-Z_09", "!#$%&'*+-.^_`|~", strings.Repeat("n", 100)} {
		accept("cookie name "+name, members("cookie_name", quote(name)), 2)
	}
	var many []string
	for i := range 256 {
		many = append(many, fmt.Sprintf(`{"cidr": "10.0.%d.0/24", "host": "h%d", "port": %d}`, i, i, i+1))
	}
	accept("256 upstreams", members("upstreams", "["+strings.Join(many, ", ")+"]"), 256)
	for _, cidr := range []string{"127.0.0.0/8", "::1/128"} {
		accept("does not warn of "+cidr, only(upstream("cidr", quote(cidr))), 1)
	}
	for _, cidr := range []string{"0.0.0.0/0", "::/0", "169.254.0.0/16", "fe80::/10", "::ffff:0:0/96",
		"fd00:ec2::254/128", "fd00:ec2::23/128", "fd20:ce::254/128", "fd00:c1::a9fe:a9fe/128", "fd00:42::42/128", "fd00::/8",
		"100.100.100.200/32", "0.0.0.0/32", "255.255.255.255/32", "224.0.0.0/24", "::/128", "ff02::/16"} {
		accept("warns of "+cidr, only(upstream("cidr", quote(cidr))), 1, []string{"upstreams[0].cidr", cidr})
	}
	accept("warns of one CIDR of a list", behind(upstream("cidr", "", "cidrs", `["10.0.0.0/24", "0.0.0.0/0"]`)), 2,
		[]string{"upstreams[1].cidrs[1]", "0.0.0.0/0"})
	accept("warns of two", members("upstreams", "["+upstream("cidr", `"0.0.0.0/0"`)+", "+upstream("cidr", `"::/0"`)+"]"), 2,
		[]string{"upstreams[0].cidr", "0.0.0.0/0"}, []string{"upstreams[1].cidr", "::/0"})
	return all
}

// canary is a secret in the wrong place: no message may contain it.
const canary = "CANARYcanaryCANARYcanaryCANARYcanaryCANARYc"

func refusedConfigs() (all []refusedConfig) {
	refuse := func(name, text string, status int, i int, contains ...string) {
		c := refusedConfig{Name: name, JSON: text, Status: status, Contains: append([]string{}, contains...),
			Never: []string{canary, secretOf(keyA32), secretOf(keyB32)}}
		if i != none {
			c.Index = index(i)
		}
		all = append(all, c)
	}
	refuseSecrets(refuse)
	refuseCookieNames(refuse)
	refuseUpstreams(refuse)
	refuseShapes(refuse)
	for name, bytes := range orderedText("invalid UTF-8", "\xff\xfe", "NUL behind", members()+"\x00", "UTF-16", "{\x00}\x00") {
		all = append(all, refusedConfig{Name: name, JSONBase64: base64.StdEncoding.EncodeToString([]byte(bytes)),
			Status: statusConfig, Contains: []string{}, Never: []string{secretOf(keyA32)}})
	}
	inString := base64.StdEncoding.EncodeToString([]byte(only(upstream("host", "\"\xff\""))))
	all = append(all, refusedConfig{Name: "invalid UTF-8 in a string", JSONBase64: inString, Status: statusConfig, Index: index(0),
		Contains: []string{"upstreams[0].host"}, Never: []string{secretOf(keyA32)}})
	inSource := base64.StdEncoding.EncodeToString([]byte(strings.Replace(members(), "{", "{\"source\": \"\xff\", ", 1)))
	all = append(all, refusedConfig{Name: "invalid UTF-8 in source", JSONBase64: inSource, Status: statusConfig,
		Contains: []string{"source", "UTF-8"}, Never: []string{secretOf(keyA32)}})
	return all
}

func orderedText(pairs ...string) func(func(string, string) bool) {
	return func(yield func(string, string) bool) {
		for i := 0; i < len(pairs); i += 2 {
			if !yield(pairs[i], pairs[i+1]) {
				return
			}
		}
	}
}

type refuseFunc func(name, text string, status, index int, contains ...string)

func refuseSecrets(refuse refuseFunc) {
	good := secretOf(keyA32)
	refuse("secret missing", members("secret", ""), statusConfig, none, "secret")
	for name, value := range orderedText("a number", "12345678", "an object", `{"`+canary+`": "`+canary+`"}`, "a list", `["`+canary+`"]`,
		"null", "null", "true", "true") {
		refuse("secret is "+name, members("secret", value), statusConfig, none, "secret")
	}
	refuse("secret is empty", members("secret", `""`), statusSecret, none, "secret")
	refuse("secret is white space", members("secret", `" \n"`), statusSecret, none, "secret")
	refuse("secret is not base64", members("secret", quote(canary+"!")), statusSecret, 0, "secret")
	refuse("secret without padding", members("secret", quote(canary)), statusSecret, 0, "secret")
	refuse("secret too short", members("secret", quote(secretOf(make([]byte, 15)))), statusSecret, 0, "secret", "16", "24", "32")
	refuse("secret too long", members("secret", quote(secretOf(make([]byte, 33)))), statusSecret, 0, "secret", "16", "24", "32")
	refuse("second key is not base64", members("secret", quote(good+" "+canary+"!")), statusSecret, 1, "secret", "key 1")
	refuse("same key twice", members("secret", quote(good+" "+good)), statusSecret, 1, "secret", "key 1", "key 0")
	refuse("nine keys", members("secret", quote(secretOf(manyKeys(9)...))), statusSecret, none, "secret")
	refuse("secret is the documentation's", members("secret", `"<base64-aes-key>"`), statusSecret, 0, "secret", "key 0", "documentation", "openssl rand -base64 32")
	refuse("secret is a placeholder that nobody resolved", members("secret", `"{env.DOORS_SECRET}"`), statusSecret, 0, "secret")
}

func refuseCookieNames(refuse refuseFunc) {
	refuse("cookie name missing with two upstreams", members("cookie_name", ""), statusConfig, none, "cookie_name")
	refuse("cookie name empty with two upstreams", members("cookie_name", `""`), statusConfig, none, "cookie_name")
	refuse("cookie name empty with one upstream", members("cookie_name", `""`, "upstreams", "["+firstUpstream+"]"), statusConfig, none, "cookie_name")
	for _, name := range []string{"up stream", "up=stream", "up;stream", "up,stream", "(upstream)", "up/stream", "up:stream", "up@stream",
		"[up]", "{up}", "up?", "up<", " upstream", "upstream ", "úpstream"} {
		refuse("cookie name "+name, members("cookie_name", quote(name)), statusConfig, none, append(plain(name), "cookie_name")...)
	}
	for _, name := range []string{"up\"stream", "up\\stream", "up\tstream", "up\nstream", "up\u007fstream"} {
		refuse(fmt.Sprintf("cookie name %q", name), members("cookie_name", quote(name)), statusConfig, none, "cookie_name")
	}
	for name, value := range orderedText("a number", "5", "an object", `{"a": "`+canary+`"}`, "a list", `["upstream"]`, "true", "true") {
		refuse("cookie name is "+name, members("cookie_name", value), statusConfig, none, "cookie_name")
	}
}

func refuseUpstreams(refuse refuseFunc) {
	refuse("upstreams missing", members("upstreams", ""), statusConfig, none, "upstreams")
	refuse("no upstream", members("upstreams", "[]"), statusConfig, none, "upstreams")
	for name, value := range orderedText("an object", firstUpstream, "a string", `"10.0.0.0/24"`, "null", "null", "a number", "3") {
		refuse("upstreams is "+name, members("upstreams", value), statusConfig, none, "upstreams")
	}
	for name, value := range orderedText("a string", `"10.0.0.0/24"`, "null", "null", "a number", "3", "a list", `["10.0.0.0/24", "blue", 8080]`) {
		refuse("an upstream is "+name, behind(value), statusConfig, 1, "upstreams[1]")
	}
	for _, field := range []string{"cidr", "host", "port"} {
		refuse(field+" missing", only(upstream(field, "")), statusConfig, 0, "upstreams[0]", field)
		refuse(field+" missing in the second", behind(upstream(field, "")), statusConfig, 1, "upstreams[1]", field)
	}
	refuse("an empty upstream", only("{}"), statusConfig, 0, "upstreams[0]")

	// Lists of hosts.
	refuse("host and hosts", only(upstream("hosts", `["green"]`)), statusConfig, 0, "upstreams[0]", "host", "hosts")
	refuse("host and an empty hosts", only(upstream("hosts", `[]`)), statusConfig, 0, "upstreams[0]", "host", "hosts")
	refuse("hosts empty", only(upstream("host", "", "hosts", `[]`)), statusConfig, 0, "upstreams[0].hosts")
	refuse("hosts is a string", only(upstream("host", "", "hosts", `"blue"`)), statusConfig, 0, "upstreams[0].hosts")
	refuse("hosts holds a number", only(upstream("host", "", "hosts", `["blue", 5]`)), statusConfig, 0, "upstreams[0].hosts[1]")
	refuse("a bad host in a list", behind(upstream("host", "", "hosts", `["blue", "10.0.0.1:80"]`)), statusConfig, 1, "upstreams[1].hosts[1]", "10.0.0.1:80")
	refuse("the same host twice in a list", only(upstream("host", "", "hosts", `["blue", "10.0.0.1", "Blue"]`)), statusConfig, 0, "upstreams[0].hosts[2]", "Blue")
	refuse("hosts twice", only(upstream("host", "", "hosts", `["blue"], "hosts": ["green"]`)), statusConfig, 0, "upstreams[0]", "hosts")

	// CIDRs.
	refuse("cidr and cidrs", only(upstream("cidrs", `["10.1.0.0/24"]`)), statusConfig, 0, "upstreams[0]", "cidr", "cidrs")
	refuse("cidr and an empty cidrs", only(upstream("cidrs", `[]`)), statusConfig, 0, "upstreams[0]", "cidr", "cidrs")
	refuse("cidrs empty", only(upstream("cidr", "", "cidrs", "[]")), statusCIDR, 0, "upstreams[0].cidrs")
	refuse("cidr empty", only(upstream("cidr", `""`)), statusCIDR, 0, "upstreams[0].cidr")
	refuse("bare address", only(upstream("cidr", `"10.0.0.1"`)), statusCIDR, 0, "upstreams[0].cidr", "10.0.0.1", "10.0.0.1/32")
	refuse("bare IPv6 address", behind(upstream("cidr", `"2001:db8::1"`)), statusCIDR, 1, "upstreams[1].cidr", "2001:db8::1/128")
	refuse("host bits", behind(upstream("cidr", `"10.0.0.1/24"`)), statusCIDR, 1, "upstreams[1].cidr", "10.0.0.1/24", "10.0.0.0/24")
	refuse("host bits in IPv6", only(upstream("cidr", `"2001:db8::1/32"`)), statusCIDR, 0, "upstreams[0].cidr", "2001:db8::1/32", "2001:db8::/32")
	refuse("host bits in a list", behind(upstream("cidr", "", "cidrs", `["10.0.0.0/24", "10.2.0.1/24"]`)), statusCIDR, 1,
		"upstreams[1].cidrs[1]", "10.2.0.1/24", "10.2.0.0/24")
	for _, cidr := range []string{"blue", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "010.0.0.0/8", "fe80::%eth0/64", "[2001:db8::]/32", "10.0.0.0/24 ", "{env.CIDR}"} {
		refuse("cidr "+cidr, only(upstream("cidr", quote(cidr))), statusCIDR, 0, append(plain(cidr), "upstreams[0].cidr")...)
	}
	refuse("two CIDRs in one string", only(upstream("cidr", `"10.0.0.0/24 10.1.0.0/24"`)), statusCIDR, 0, "upstreams[0].cidr")
	refuse("cidr is a number", only(upstream("cidr", "5")), statusConfig, 0, "upstreams[0].cidr")
	refuse("cidr is a list", only(upstream("cidr", `["10.0.0.0/24"]`)), statusConfig, 0, "upstreams[0].cidr")
	refuse("cidrs is a string", only(upstream("cidr", "", "cidrs", `"10.0.0.0/24"`)), statusConfig, 0, "upstreams[0].cidrs")
	refuse("cidrs holds a number", only(upstream("cidr", "", "cidrs", `["10.0.0.0/24", 5]`)), statusConfig, 0, "upstreams[0].cidrs[1]")
	refuse("the same CIDR in two upstreams", members("upstreams", "["+firstUpstream+", "+secondUpstream+", "+upstream()+"]"), statusCIDR, 2,
		"upstreams[0].cidr", "upstreams[2].cidr", "10.0.0.0/24")
	refuse("the same CIDR in one upstream", only(upstream("cidr", "", "cidrs", `["10.0.0.0/24", "10.1.0.0/24", "10.0.0.0/24"]`)), statusCIDR, 0,
		"upstreams[0].cidrs[0]", "upstreams[0].cidrs[2]", "10.0.0.0/24")
	refuse("the same CIDR in a list of another upstream", behind(upstream("cidr", "", "cidrs", `["10.0.0.0/24", "10.0.1.0/24"]`)), statusCIDR, 1,
		"upstreams[0].cidr", "upstreams[1].cidrs[1]", "10.0.1.0/24")
	refuse("the same CIDR IPv4-mapped", members("upstreams", "["+firstUpstream+", "+upstream("cidr", `"::ffff:10.0.0.0/120"`)+"]"), statusCIDR, 1,
		"upstreams[0].cidr", "upstreams[1].cidr")

	// Ports.
	for _, port := range []string{"0", "65536", "-1", "70000", "4294967376", "18446744073709551616"} {
		refuse("port "+port, only(upstream("port", port)), statusConfig, 0, "upstreams[0].port", "65535")
	}
	refuse("port 65536 in the second", behind(upstream("port", "65536")), statusConfig, 1, "upstreams[1].port", "65536", "65535")
	for _, port := range []string{"80.5", `"8080"`, `""`, "null", "true", "[8080]", `{"port": 8080}`} {
		refuse("port "+port, only(upstream("port", port)), statusConfig, 0, "upstreams[0].port")
	}

	// Hosts.
	for _, host := range []string{"blue green", "http://blue", "blue:8080", "[2001:db8::1]", "[2001:db8::1]:80", "10.0.0.1:80", "blue/path",
		"user@blue", "blue..green", ".blue", "blue?x", "blue#x", " blue", "blue ", "{env.HOST}"} {
		refuse("host "+host, only(upstream("host", quote(host))), statusConfig, 0, append(plain(host), "upstreams[0].host")...)
	}
	for _, host := range []string{"10.0.0.1.", "0.0.0.0", "::", "::ffff:0.0.0.0", "255.255.255.255", "224.0.0.1", "239.255.255.255",
		"ff02::1", "169.254.1.1", "169.254.169.254", "::ffff:169.254.0.1", "fe80::1", "febf::1"} {
		refuse("host "+host, behind(upstream("host", quote(host))), statusConfig, 1, "upstreams[1].host", host)
	}
	refuse("host empty", behind(upstream("host", `""`)), statusConfig, 1, "upstreams[1].host")
	refuse("host is a dot", only(upstream("host", `"."`)), statusConfig, 0, "upstreams[0].host")
	refuse("host with a label of 64", only(upstream("host", quote(strings.Repeat("a", 64)+".example"))), statusConfig, 0, "upstreams[0].host")
	refuse("host of 300 characters", only(upstream("host", quote(strings.Repeat("abcde.", 50)))), statusConfig, 0, "upstreams[0].host")
	refuse("host with a line break", only(upstream("host", `"blue\ngreen"`)), statusConfig, 0, "upstreams[0].host")
	for _, host := range []string{"5", "null", `["blue"]`, `{"host": "blue"}`} {
		refuse("host "+host, only(upstream("host", host)), statusConfig, 0, "upstreams[0].host")
	}
}

func refuseShapes(refuse refuseFunc) {
	// Unknown and repeated members.
	refuse("unknown member", members("secert", `"x"`), statusConfig, none, "secert")
	refuse("unknown member with a secret in it", members("key", quote(canary)), statusConfig, none, "key")
	refuse("a secret as the name of a member", members(canary, `"x"`), statusConfig, none)
	refuse("option of another part", members("refresh", `"5s"`), statusConfig, none, "refresh")
	refuse("member in another case", members("Cookie_Name", `"x"`), statusConfig, none, "Cookie_Name")
	refuse("unknown member of an upstream", behind(upstream("prot", "80")), statusConfig, 1, "upstreams[1]", "prot")
	refuse("Caddyfile name in JSON", only(upstream("pod_cidr", `"10.0.0.0/24"`)), statusConfig, 0, "upstreams[0]", "pod_cidr")
	refuse("a secret as the name of a member of an upstream", only(upstream(canary, "1")), statusConfig, 0, "upstreams[0]")
	refuse("a secret as the value of a member of an upstream", only(upstream("secret", quote(canary))), statusConfig, 0, "upstreams[0]", "secret")
	refuse("secret twice", strings.Replace(members(), "{", `{"secret": "`+secretOf(keyB32)+`", `, 1), statusConfig, none, "secret")
	refuse("cookie_name twice", strings.Replace(members(), "{", `{"cookie_name": "a", `, 1), statusConfig, none, "cookie_name")
	refuse("upstreams twice", strings.Replace(members(), "{", `{"upstreams": [], `, 1), statusConfig, none, "upstreams")
	refuse("source twice", strings.Replace(members("source", `"a"`), "{", `{"source": "a", `, 1), statusConfig, none, "source")
	for _, twice := range []string{`"cidr": "10.0.0.0/24"`, `"host": "blue"`, `"port": 8080`} {
		field := strings.Split(twice, `"`)[1]
		refuse(field+" twice", only(strings.Replace(upstream(), "{", "{"+twice+", ", 1)), statusConfig, 0, "upstreams[0]", field)
	}
	refuse("cidrs twice", only(upstream("cidr", "", "cidrs", `["10.0.0.0/24"], "cidrs": ["10.1.0.0/24"]`)), statusConfig, 0, "upstreams[0]", "cidrs")

	// Not a JSON object.
	for name, text := range orderedText("empty", "", "white space", " \n", "null", "null", "a number", "5", "a string", `"x"`, "a list", "[]",
		"cut", members()[:60], "cut behind the brace", "{", "text behind", members()+" x", "a second object", members()+members(),
		"comma behind the last", strings.TrimSuffix(members(), "}")+",}", "a comment", "/* x */"+members(), "single quotes", "{'secret': 'x'}",
		"byte order mark", "\ufeff"+members(), "a Caddyfile", "secret x\ncookie_name upstream",
		"an endless list", strings.Repeat("[", 1000), "deep objects", strings.Repeat(`{"a":`, 1000)) {
		refuse("JSON: "+name, text, statusConfig, none)
	}
	refuse("JSON: a lone surrogate", only(upstream("host", `"\ud800"`)), statusConfig, 0, "upstreams[0].host")
	refuse("the empty object", "{}", statusConfig, none)
	refuse("deep nesting in a member", members("upstreams", strings.Repeat("[", 1000)+strings.Repeat("]", 1000)), statusConfig, 0)
	refuse("a secret as the host", only(upstream("host", quote(canary+"!!"+canary))), statusConfig, 0, "upstreams[0].host")
	refuse("a key of 24 bytes as the host", only(upstream("host", `"AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"`)), statusConfig, 0, "upstreams[0].host", "32 characters is a key")
	refuse("a key of 24 bytes as the cookie name", members("cookie_name", `"AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"`), statusConfig, none, "cookie_name", "32 characters is a key")
	refuse("a secret as the CIDR", only(upstream("cidr", quote(canary))), statusCIDR, 0, "upstreams[0].cidr")
	refuse("a secret as the port", only(upstream("port", quote(canary))), statusConfig, 0, "upstreams[0].port")
	refuse("a secret as the cookie name", members("cookie_name", quote(canary+"=")), statusConfig, none, "cookie_name")
	refuse("a secret as the upstreams", members("upstreams", quote(canary)), statusConfig, none, "upstreams")
	refuse("a secret as an upstream", members("upstreams", "["+quote(canary)+"]"), statusConfig, 0, "upstreams[0]")
	refuse("a secret as the config", quote(canary), statusConfig, none)
	refuse("a secret after the config", members()+canary, statusConfig, none)
}
