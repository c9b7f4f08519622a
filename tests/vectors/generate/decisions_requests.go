package main

// Details: which requests are system requests, and which cookie counts.

import (
	"encoding/base64"
	"fmt"
	"strings"
)

func pathVectors() routerVectors {
	t := &table{config: threeServers()}
	token := tokenOf("10.0.1.7")
	system := func(name, rest string, pathKind int) {
		t.add(name, "/~/"+token+rest, "", t.pod(1, "10.0.1.7", pathKind))
	}
	system("token alone", "", pathOther)
	system("token and a slash", "/", pathOther)
	system("sync", "/s/inst", pathSync)
	system("sync without an instance", "/s/", pathSync)
	system("sync with more segments", "/s/inst/more", pathSync)
	system("hook", "/h/inst/12", pathHook)
	system("hook with a name", "/h/inst/12/file.txt", pathHook)
	system("resource", "/r/0123456789abcdef.main.js", pathRes)
	system("back and forward", "/u/inst/some/page", pathHistory)
	system("history with a query in the path", "/u/inst/some/page/%3Fa=b", pathHistory)
	for _, rest := range []string{"/s", "/h", "/r", "/u", "/S/inst", "/sync/inst", "/ss/inst", "//s/inst", "/x/inst", "/s%2Finst",
		"/%73/inst", "/./s/inst", "/../s/inst", "/~/" + token + "/s/inst", "/;s/x"} {
		system("other: "+rest[:min(len(rest), 12)], rest, pathOther)
	}
	system("long rest", "/s/"+strings.Repeat("a", 10000), pathSync)
	system("escaped rest", "/s/%00%FF%2F", pathSync)

	// Normal requests.
	for _, path := range []string{
		"/", "", "*", "/~", "/~/", "/~//", "/~//s/inst", "/~//" + token + "/s/inst", "/%7E/" + token + "/s/inst", "/%7e/" + token,
		"/~%2F" + token + "/s/inst", "//~/" + token + "/s/inst", "/a/~/" + token, "~/" + token, "/~x/" + token, "/~" + token,
		"/./~/" + token, "/../~/" + token, "/~~/" + token, "/s/inst", "/r/x", " /~/" + token, "/ ~/" + token, "/∼/" + token,
	} {
		t.add("normal: "+path[:min(len(path), 16)], path, "", anyOf(noCookie))
	}

	// If a caller passes the whole request target, its path decides.
	target := func(name, target string, w want) { t.add("target: "+name, target, "", w) }
	theirs := func(pathKind int) want { return t.pod(1, "10.0.1.7", pathKind) }
	for _, query := range []string{"?", "?a=b", "?/s/inst", "?/~/" + token, "??"} {
		target("query behind the token "+query[:min(len(query), 8)], "/~/"+token+query, theirs(pathOther))
		target("query behind a slash "+query[:min(len(query), 8)], "/~/"+token+"/"+query, theirs(pathOther))
		target("query behind sync "+query[:min(len(query), 8)], "/~/"+token+"/s/inst"+query, theirs(pathSync))
	}
	target("query in place of the slash behind sync", "/~/"+token+"/s?t=1", theirs(pathOther))
	target("query of a page", "/?x=/~/"+token+"/s/inst", anyOf(noCookie))
	target("query in place of the token", "/~/?"+token+"/s/inst", anyOf(noCookie))
	target("query behind a token of another key", "/~/"+sealText(keyB32, "path", "10.0.1.7")+"?x", goneFor(noKeyOpens, pathOther))
	target("escaped query mark in the token", "/~/"+token+"%3Fa=b", goneFor(malformed, pathOther))
	for _, front := range []string{"http://example.com", "https://example.com:8443", "HTTP://u:p@example.com", "https://[2001:db8::1]:443", "a+b-c.9://x", "http://"} {
		target(front+" in front of sync", front+"/~/"+token+"/s/inst", theirs(pathSync))
		target(front+" in front of a hook with a query", front+"/~/"+token+"/h/i/1?t=1", theirs(pathHook))
		target(front+" in front of a page", front+"/a/~/"+token, anyOf(noCookie))
		target(front+" alone", front, anyOf(noCookie))
		target(front+" in front of a query", front+"?/~/"+token, anyOf(noCookie))
	}
	for _, front := range []string{"://example.com", "9a://example.com", "a_b://example.com", " http://example.com", "http:", "http:/example.com", "//example.com", "example.com:443"} {
		target("not absolute: "+front, front+"/~/"+token+"/s/inst", anyOf(noCookie))
	}
	t.add("normal path with a cookie", "/~//s/inst", "upstream="+token, t.byCookie(1, "10.0.1.7"))
	t.add("escaped tilde with a cookie", "/%7E/"+token+"/s/inst", "upstream="+tokenOf("10.0.0.7"), t.byCookie(0, "10.0.0.7"))

	// Tokens in the path that do not decrypt.
	refuse := func(name, segment string, reason int) {
		for _, rest := range []struct {
			path string
			kind int
		}{{"", pathOther}, {"/s/inst", pathSync}, {"/h/i/1", pathHook}, {"/u/i/p", pathHistory}, {"/r/x.js", pathRes}, {"/x", pathOther}} {
			t.add("gone: "+name+" "+rest.path, "/~/"+segment+rest.path, "", goneFor(reason, rest.kind))
		}
	}
	refuse("short", "abc", noKeyOpens)
	refuse("escaped first character", fmt.Sprintf("%%%02X%s", token[0], token[1:]), malformed)
	refuse("padding", token+"=", malformed)
	refuse("over-long", token+"A", noKeyOpens)
	refuse("far over-long", strings.Repeat("A", 20000), noKeyOpens)
	refuse("unused bits", trailing(token, 1), malformed)
	refuse("standard alphabet", "+"+token[1:], malformed)
	refuse("another key", sealText(keyB32, "path", "10.0.1.7"), noKeyOpens)
	refuse("tilde", "~", malformed)
	refuse("dots", "..", malformed)
	refuse("escaped query mark", token+"%3Fa=b", malformed)
	refuse("semicolon", token+";x", malformed)
	refuse("white space", " "+token, malformed)
	refuse("non-ASCII letter", "é"+token[1:], malformed)
	raw := func(name string, path string, w want) {
		t.requests = append(t.requests, request{Name: name, PathBase64: base64.StdEncoding.EncodeToString([]byte(path)), want: w})
	}
	raw("gone: invalid UTF-8 in the token", "/~/\xff"+token[1:]+"/s/inst", goneFor(malformed, pathSync))
	raw("gone: NUL behind the token", "/~/"+token+"\x00/s/inst", goneFor(malformed, pathSync))
	raw("invalid UTF-8 behind the token", "/~/"+token+"/s/\xff\xfe", t.pod(1, "10.0.1.7", pathSync))
	raw("invalid UTF-8 in a page", "/\xff\xfe", anyOf(noCookie))
	raw("NUL in a page", "/a\x00/~/"+token, anyOf(noCookie))
	return t.vectors("paths")
}

func cookieVectors() routerVectors {
	t := &table{config: threeServers()}
	blue, green, grey := tokenOf("10.0.0.7"), tokenOf("10.0.1.7"), tokenOf("2001:db8::7")
	foreign := sealText(keyB32, "cookie", "10.0.0.7")
	blueWins, greenWins := t.byCookie(0, "10.0.0.7"), t.byCookie(1, "10.0.1.7")
	usable := func(name, cookies string) { t.add(name, "/", cookies, blueWins) }
	second := func(name, cookies string) { t.add(name, "/", cookies, greenWins) }
	unusable := func(name, cookies string) { t.add(name, "/", cookies, anyOf(unusableCookie)) }
	absent := func(name, cookies string) { t.add(name, "/", cookies, anyOf(noCookie)) }

	// The position of the cookie.
	usable("alone", "upstream="+blue)
	usable("in front", "upstream="+blue+"; theme=dark")
	usable("behind", "theme=dark; upstream="+blue)
	usable("between", "theme=dark; upstream="+blue+"; lang=en")
	usable("without spaces", "theme=dark;upstream="+blue+";lang=en")
	usable("semicolons around", ";; ;upstream="+blue+";;")
	usable("more spaces", "  theme=dark;   upstream="+blue+"  ; lang=en")
	usable("tab", "theme=dark;\tupstream="+blue)
	usable("behind a pair without an equals sign", "flag; upstream="+blue)
	usable("behind an empty name", "=x; upstream="+blue)
	usable("behind an empty value", "theme=; upstream="+blue)
	usable("behind a session cookie of Doors", "doors"+blue+"=1234; upstream="+blue)
	usable("behind 200 other cookies", strings.Repeat("session=abcdefghijklmnop; ", 200)+"upstream="+blue)
	usable("behind a long value", "big="+strings.Repeat("x", 100000)+"; upstream="+blue)
	t.add("IPv6", "/", "upstream="+grey, t.byCookie(2, "2001:db8::7"))

	// Its name.
	absent("upper case", "Upstream="+blue)
	absent("all upper case", "UPSTREAM="+blue)
	absent("name is a prefix", "upstreamx="+blue)
	absent("name is a suffix", "xupstream="+blue)
	absent("cut name", "upstrea="+blue)
	absent("prefixes of RFC 6265bis are a part of the name", "__Host-upstream="+blue+"; __Secure-upstream="+blue)
	absent("name inside a value", "x=upstream="+blue)
	absent("name inside a quoted value", `x="a upstream=`+blue+`"`)
	absent("escaped name", "%75pstream="+blue)
	absent("name alone", "upstream")
	absent("name alone beside others", "theme=dark; upstream; lang=en")
	absent("value alone", blue)
	absent("empty name", "="+blue)
	absent("joined by commas", "theme=dark, upstream="+blue)
	absent("name in quotes", `"upstream"=`+blue)

	// Quotes.
	usable("quoted", `upstream="`+blue+`"`)
	usable("quoted between", `a="1"; upstream="`+blue+`"; b="2"`)
	unusable("opening quote only", `upstream="`+blue)
	unusable("closing quote only", `upstream=`+blue+`"`)
	unusable("quoted twice", `upstream=""`+blue+`""`)
	unusable("single quotes", `upstream='`+blue+`'`)
	unusable("quoted empty", `upstream=""`)
	unusable("one quote", `upstream="`)
	unusable("space inside quotes", `upstream=" `+blue+`"`)

	// Valid and invalid values.
	unusable("empty", "upstream=")
	unusable("short", "upstream=abc")
	unusable("padding", "upstream="+blue+"=")
	unusable("equals sign in front", "upstream=="+blue)
	unusable("one more", "upstream="+blue+"A")
	unusable("one less", "upstream="+blue[:42])
	unusable("another key", "upstream="+foreign)
	unusable("unused bits", "upstream="+trailing(blue, 3))
	unusable("percent escape", fmt.Sprintf("upstream=%%%02X%s", blue[0], blue[1:]))
	unusable("in no CIDR", "upstream="+tokenOf("10.0.9.7"))
	unusable("multicast", "upstream="+tokenOf("224.0.0.1"))
	unusable("right length, not the alphabet", "upstream="+strings.Repeat("+", 43))
	unusable("joined by a comma", "upstream="+blue+",x=y")

	// Several cookies of that name: the first valid one counts.
	usable("first of two", "upstream="+blue+"; upstream="+green)
	second("first of two, other order", "upstream="+green+"; upstream="+blue)
	second("the first is of another key", "upstream="+foreign+"; upstream="+green)
	second("the first is in no CIDR", "upstream="+tokenOf("10.0.9.7")+"; upstream="+green)
	second("the first is malformed", "upstream="+strings.Repeat("+", 43)+"; upstream="+green)
	second("the first is short", "upstream=abc; upstream="+green)
	second("the first is empty", "upstream=; upstream="+green)
	second("the first is a bare name", "upstream; upstream="+green)
	second("the first is broken by a quote", `upstream="`+blue+`; upstream=`+green)
	unusable("none of two", "upstream="+foreign+"; upstream="+tokenOf("10.0.9.7"))
	bad := "upstream=" + foreign + "; "
	second("seven unusable, then one", strings.Repeat(bad, 7)+"upstream="+green)
	unusable("eight unusable, then one", strings.Repeat(bad, 8)+"upstream="+green)
	unusable("nine unusable", strings.Repeat(bad, 9))
	malformedValue := "upstream=" + strings.Repeat("+", 43) + "; "
	unusable("eight malformed of the right length, then one", strings.Repeat(malformedValue, 8)+"upstream="+green)
	outsideValue := "upstream=" + tokenOf("10.0.9.7") + "; "
	unusable("eight in no CIDR, then one", strings.Repeat(outsideValue, 8)+"upstream="+green)
	long := "upstream=" + sealText(keyB32, "cookie", "2001:db8::7") + "; "
	unusable("eight of 59 characters, then one", strings.Repeat(long, 8)+"upstream="+green)
	unusable("four of 43 and four of 59, then one", strings.Repeat(bad+long, 4)+"upstream="+green)
	unusable("eight quoted, then one", strings.Repeat(`upstream="`+foreign+`"; `, 8)+"upstream="+green)
	second("a hundred of another length, then one", strings.Repeat("upstream=abc; ", 100)+"upstream="+green)
	second("a hundred of 42 and 44 characters, then one",
		strings.Repeat("upstream="+foreign[:42]+"; upstream="+foreign+"A; ", 100)+"upstream="+green)
	second("other lengths and seven unusable, then one", strings.Repeat("upstream=abc; "+bad, 7)+"upstream="+green)
	second("eight under another name, then one", strings.Repeat("other="+foreign+"; ", 8)+"upstream="+green)

	// Bytes that are not text.
	raw := func(name, cookies string, w want) {
		t.requests = append(t.requests, request{Name: name, Path: "/",
			CookiesBase64: base64.StdEncoding.EncodeToString([]byte(cookies)), want: w})
	}
	raw("invalid UTF-8 in another value", "x=\xff\xfe; upstream="+blue, blueWins)
	raw("invalid UTF-8 in another name", "\xff\xfe=x; upstream="+blue, blueWins)
	raw("invalid UTF-8 behind", "upstream="+blue+"; x=\xc3", blueWins)
	raw("invalid UTF-8 in the value", "upstream=\xff"+blue[1:], anyOf(unusableCookie))
	raw("invalid UTF-8 in front of the name", "\xffupstream="+blue, anyOf(noCookie))
	raw("NUL elsewhere", "x=\x00; upstream="+blue, blueWins)
	raw("NUL behind the value", "upstream="+blue+"\x00", anyOf(unusableCookie))
	raw("NUL in the name", "upstream\x00="+blue, anyOf(noCookie))

	// Cookies do not count for system requests, and tokens do not count for pages.
	t.add("system request", "/~/"+green+"/s/a", "upstream="+blue, t.pod(1, "10.0.1.7", pathSync))
	return t.vectors("cookies")
}
