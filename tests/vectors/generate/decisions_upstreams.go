package main

// The rows of the decision table.

func oneUpstream() routerVectors {
	t := &table{config: routerConfig{Secret: secretOf(keyA32),
		Upstreams: []upstreamConfig{{CIDR: "10.0.0.0/24", Host: "svc.namespace.svc.cluster.local", Port: 8080}}}}
	token, far := tokenOf("10.0.0.7"), tokenOf("10.0.1.7")
	foreign := sealText(keyB32, "decision", "10.0.0.7")
	t.add("token alone", "/~/"+token, "", t.pod(0, "10.0.0.7", pathOther))
	t.add("sync", "/~/"+token+"/s/abc", "", t.pod(0, "10.0.0.7", pathSync))
	t.add("address in no CIDR", "/~/"+far+"/s/abc", "", outside("10.0.1.7", pathSync))
	t.add("address of another family", "/~/"+tokenOf("2001:db8::1")+"/h/a/1", "", outside("2001:db8::1", pathHook))
	t.add("no key opens the token", "/~/"+foreign+"/s/abc", "", goneFor(noKeyOpens, pathSync))
	t.add("malformed token", "/~/"+token+"=/s/abc", "", goneFor(malformed, pathSync))
	t.add("page", "/", "", t.only())
	t.add("page with query-like path", "/shop/~/"+token, "", t.only())
	t.add("no cookie name: a cookie is not looked at", "/", "upstream="+token, t.only())
	t.add("no cookie name: nor one without a name", "/", "="+token, t.only())
	t.add("no cookie name: nor a bare token", "/", token, t.only())
	t.add("a system request with a cookie", "/~/"+token+"/s/a", "upstream="+far, t.pod(0, "10.0.0.7", pathSync))
	return t.vectors("one upstream, no cookie name")
}

func oneUpstreamWithCookie() routerVectors {
	t := &table{config: routerConfig{Secret: secretOf(keyA32), CookieName: "upstream",
		Upstreams: []upstreamConfig{{CIDR: "10.0.0.0/24", Host: "svc", Port: 8080}}}}
	token := tokenOf("10.0.0.7")
	t.add("no cookie", "/", "", t.only())
	t.add("another cookie", "/", "theme=dark", t.only())
	t.add("a usable cookie names its pod", "/", "upstream="+token, t.byCookie(0, "10.0.0.7"))
	t.add("a cookie that no key opens", "/", "upstream="+sealText(keyB32, "decision", "10.0.0.7"), t.only())
	t.add("a malformed cookie", "/", "upstream=abc", t.only())
	t.add("a cookie in no CIDR", "/", "upstream="+tokenOf("10.0.1.7"), t.only())
	t.add("token in the path and another in the cookie", "/~/"+token+"/u/a/b", "upstream="+tokenOf("10.0.0.9"),
		t.pod(0, "10.0.0.7", pathHistory))
	t.add("a refused token is not rescued by a good cookie", "/~/"+tokenOf("10.0.1.7")+"/s/a", "upstream="+token,
		outside("10.0.1.7", pathSync))
	t.add("a malformed token is not rescued by a good cookie", "/~/x/s/a", "upstream="+token, goneFor(noKeyOpens, pathSync))
	return t.vectors("one upstream with a cookie name")
}

func threeServers() routerConfig {
	return routerConfig{Secret: secretOf(keyA32), CookieName: "upstream", Upstreams: []upstreamConfig{
		{CIDR: "10.0.0.0/24", Host: "blue", Port: 8080},
		{CIDR: "10.0.1.0/24", Host: "green", Port: 8081},
		{CIDR: "2001:db8::/64", Host: "grey", Port: 65535},
	}}
}

func severalUpstreams() routerVectors {
	t := &table{config: threeServers()}
	blue, green, grey := tokenOf("10.0.0.7"), tokenOf("10.0.1.7"), tokenOf("2001:db8::7")
	t.add("token of the first", "/~/"+blue+"/s/a", "", t.pod(0, "10.0.0.7", pathSync))
	t.add("token of the second", "/~/"+green+"/s/a", "", t.pod(1, "10.0.1.7", pathSync))
	t.add("token of the third", "/~/"+grey+"/s/a", "", t.pod(2, "2001:db8::7", pathSync))
	t.add("token of none", "/~/"+tokenOf("10.0.2.7")+"/s/a", "", outside("10.0.2.7", pathSync))
	t.add("IPv6 token of none", "/~/"+tokenOf("2001:db8:0:1::7")+"/s/a", "", outside("2001:db8:0:1::7", pathSync))
	t.add("no cookie", "/", "", anyOf(noCookie))
	t.add("other cookies", "/a/b", "theme=dark; lang=en", anyOf(noCookie))
	t.add("cookie of the first", "/", "upstream="+blue, t.byCookie(0, "10.0.0.7"))
	t.add("cookie of the second", "/", "upstream="+green, t.byCookie(1, "10.0.1.7"))
	t.add("cookie of the third", "/any/path", "upstream="+grey, t.byCookie(2, "2001:db8::7"))
	t.add("cookie of none", "/", "upstream="+tokenOf("10.0.2.7"), anyOf(unusableCookie))
	t.add("cookie that no key opens", "/", "upstream="+sealText(keyB32, "decision", "10.0.0.7"), anyOf(unusableCookie))
	t.add("malformed cookie", "/", "upstream="+blue+"=", anyOf(unusableCookie))
	t.add("empty cookie", "/", "upstream=", anyOf(unusableCookie))
	t.add("token and cookie of two servers: the token counts", "/~/"+green+"/h/a/1", "upstream="+blue, t.pod(1, "10.0.1.7", pathHook))
	t.add("token of none with a good cookie", "/~/"+tokenOf("10.0.2.7")+"/r/x", "upstream="+blue, outside("10.0.2.7", pathRes))
	return t.vectors("three upstreams")
}

func severalKeys() routerVectors {
	config := threeServers()
	config.Secret = secretOf(keyA32, keyB16, keyC24)
	t := &table{config: config}
	for i, key := range [][]byte{keyA32, keyB16, keyC24} {
		token := sealText(key, "keys", "10.0.0.7")
		t.add("token of key "+string(rune('0'+i)), "/~/"+token+"/s/a", "", t.pod(0, "10.0.0.7", pathSync).withKey(i))
		t.add("cookie of key "+string(rune('0'+i)), "/", "upstream="+token, t.byCookie(0, "10.0.0.7").withKey(i))
		t.add("key "+string(rune('0'+i))+", address in no CIDR", "/~/"+sealText(key, "keys", "10.9.0.7")+"/s/a", "",
			outside("10.9.0.7", pathSync).withKey(i))
	}
	other := sealText(keyC32, "keys", "10.0.0.7")
	t.add("token of another key", "/~/"+other+"/s/a", "", goneFor(noKeyOpens, pathSync))
	t.add("cookie of another key", "/", "upstream="+other, anyOf(unusableCookie))
	t.add("second cookie by the second key", "/", "upstream="+other+"; upstream="+sealText(keyB16, "keys", "10.0.1.7"),
		t.byCookie(1, "10.0.1.7").withKey(1))
	return t.vectors("three keys")
}

func severalCIDRs() routerVectors {
	t := &table{config: routerConfig{Secret: secretOf(keyA32), CookieName: "upstream", Upstreams: []upstreamConfig{
		{CIDRs: []string{"10.0.0.0/8", "2001:db8::/32"}, Host: "wide", Port: 1},
		{CIDRs: []string{"10.1.2.0/24", "2001:db8:1::/48", "192.168.0.0/16"}, Host: "narrow", Port: 2},
		{CIDRs: []string{"::ffff:10.1.2.128/121"}, Host: "mapped", Port: 3},
		{CIDRs: []string{"10.1.2.3/32"}, Host: "one", Port: 4},
	}}}
	for _, c := range []struct {
		address  string
		upstream int
	}{
		{"10.0.0.1", 0}, {"10.255.255.255", 0}, {"10.1.3.0", 0}, {"2001:db8:2::1", 0},
		{"10.1.2.0", 1}, {"10.1.2.127", 1}, {"2001:db8:1::1", 1}, {"192.168.9.9", 1},
		{"10.1.2.128", 2}, {"10.1.2.255", 2}, {"10.1.2.3", 3},
	} {
		t.add("token "+c.address, "/~/"+tokenOf(c.address)+"/s/a", "", t.pod(c.upstream, c.address, pathSync))
		t.add("cookie "+c.address, "/", "upstream="+tokenOf(c.address), t.byCookie(c.upstream, c.address))
	}
	mapped := tokenOf("::ffff:10.1.2.200")
	t.add("IPv4-mapped token", "/~/"+mapped+"/s/a", "", t.pod(2, "10.1.2.200", pathSync))
	t.add("IPv4-mapped cookie", "/", "upstream="+mapped, t.byCookie(2, "10.1.2.200"))
	for _, address := range []string{"11.0.0.1", "2001:db9::1", "::10.0.0.1"} {
		t.add("token "+address, "/~/"+tokenOf(address)+"/s/a", "", outside(canonical(address), pathSync))
		t.add("cookie "+address, "/", "upstream="+tokenOf(address), anyOf(unusableCookie))
	}
	return t.vectors("several CIDRs for one upstream, overlaps")
}

func everyAddress() routerVectors {
	t := &table{config: routerConfig{Secret: secretOf(keyA16), CookieName: "upstream", Upstreams: []upstreamConfig{
		{CIDR: "0.0.0.0/0", Host: "four", Port: 4},
		{CIDR: "::/0", Host: "six", Port: 6},
	}}}
	token := func(address string) string { return sealText(keyA16, "every", address) }
	for address, upstream := range ordered("1.2.3.4", 0, "127.0.0.1", 0, "2001:db8::1", 1, "::1", 1, "fe80::1", 1) {
		t.add("token "+address, "/~/"+token(address)+"/s/a", "", t.pod(upstream, address, pathSync))
		t.add("cookie "+address, "/", "upstream="+token(address), t.byCookie(upstream, address))
	}
	for _, address := range []string{"0.0.0.0", "255.255.255.255", "224.0.0.1", "239.255.255.255", "::", "ff02::1", "::ffff:0.0.0.0", "::ffff:224.0.0.1"} {
		t.add("token "+address, "/~/"+token(address)+"/s/a", "", outside(canonical(address), pathSync))
		t.add("cookie "+address, "/", "upstream="+token(address), anyOf(unusableCookie))
	}
	return t.vectors("everything, AES-128")
}

// ordered yields pairs in the given order.
func ordered(pairs ...any) func(func(string, int) bool) {
	return func(yield func(string, int) bool) {
		for i := 0; i < len(pairs); i += 2 {
			if !yield(pairs[i].(string), pairs[i+1].(int)) {
				return
			}
		}
	}
}
