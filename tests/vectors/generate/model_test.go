package main

// This file has a slow model of the decision, to check the expectations that were written by hand.
// It compares addresses bit by bit and tries each key on a copy.

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestDecisionsAgreeWithTheModel(t *testing.T) {
	seen := map[[2]int]bool{}
	for _, router := range decisionVectors().Routers {
		for _, r := range router.Requests {
			got := modelDecide(router.Config, orBase64(r.Path, r.PathBase64), orBase64(r.Cookies, r.CookiesBase64))
			if !reflect.DeepEqual(got, r.want) {
				t.Errorf("%s: %s: model %+v, written %+v", router.Name, r.Name, got, r.want)
			}
			seen[[2]int{r.Kind, r.Reason}] = true
		}
	}
	for _, row := range [][2]int{{pod, 0}, {gone, malformed}, {gone, noKeyOpens}, {gone, inNoCIDR}, {server, onlyUpstream},
		{server, byCookie}, {anyServer, noCookie}, {anyServer, unusableCookie}} {
		if !seen[row] {
			t.Errorf("no vector has kind %d with reason %d", row[0], row[1])
		}
	}
}

func TestLookupsAgreeWithTheModel(t *testing.T) {
	for _, table := range cidrTables() {
		for _, l := range table.Lookups {
			if got := modelLookup(table.CIDRs, netip.MustParseAddr(l.Address)); got != orNone(l.Index) {
				t.Errorf("%s: %s: model %d, written %d", table.Name, l.Address, got, orNone(l.Index))
			}
		}
	}
}

func TestTokensAgreeWithTheModel(t *testing.T) {
	vectors := tokenVectors()
	for _, v := range vectors.Accepted {
		addr, _, reason := modelOpen(v.Secret, v.Token)
		if reason != 0 || addr.String() != v.Address {
			t.Errorf("%s: model %v, reason %d", v.Name, addr, reason)
		}
	}
	for _, v := range vectors.Refused {
		_, _, reason := modelOpen(v.Secret, orBase64(v.Token, v.TokenBase64))
		if want := map[string]int{"base64": malformed, "cipher": noKeyOpens}[v.Error]; reason != want {
			t.Errorf("%s: model %d, written %q", v.Name, reason, v.Error)
		}
	}
}

func orBase64(plain, encoded string) string {
	if encoded == "" {
		return plain
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func orNone(i *int) int {
	if i == nil {
		return none
	}
	return *i
}

var (
	systemPath   = regexp.MustCompile(`(?s)\A(?:[A-Za-z][A-Za-z0-9+.-]*://[^/?]*)?/~/([^/?]+)(?:/([^?]*))?(?:\?.*)?\z`)
	wrongLetters = regexp.MustCompile(`[^A-Za-z0-9_-]`)
)

func modelDecide(config routerConfig, path, cookies string) want {
	if match := systemPath.FindStringSubmatch(path); match != nil {
		kind := pathOther
		for letter, k := range map[string]int{"s/": pathSync, "h/": pathHook, "u/": pathHistory, "r/": pathRes} {
			if strings.HasPrefix(match[2], letter) {
				kind = k
			}
		}
		addr, key, reason := modelOpen(config.Secret, match[1])
		if reason != 0 {
			return want{Kind: gone, Reason: reason, PathKind: kind}
		}
		text := addr.String()
		i := modelUpstream(config, addr)
		if i == none {
			return want{Kind: gone, Reason: inNoCIDR, Key: &key, PathKind: kind, Address: &text}
		}
		return want{Kind: pod, Upstream: &i, Key: &key, Port: config.Upstreams[i].Port, PathKind: kind, Address: &text}
	}
	var present, tried int
	for _, pair := range strings.Split(cookies, ";") {
		name, value, found := strings.Cut(strings.Trim(pair, " \t"), "=")
		if !found || name != config.CookieName || name == "" {
			continue
		}
		present++
		if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
			value = value[1 : len(value)-1]
		}
		if len(value) != 43 && len(value) != 59 {
			continue
		}
		if tried++; tried > 8 {
			break
		}
		addr, key, reason := modelOpen(config.Secret, value)
		if reason != 0 {
			continue
		}
		if i := modelUpstream(config, addr); i != none {
			text := addr.String()
			return want{server, byCookie, &i, &key, config.Upstreams[i].Port, pathPage, &text}
		}
	}
	switch {
	case len(config.Upstreams) == 1:
		return want{Kind: server, Reason: onlyUpstream, Upstream: index(0), Port: config.Upstreams[0].Port}
	case present > 0:
		return want{Kind: anyServer, Reason: unusableCookie}
	}
	return want{Kind: anyServer, Reason: noCookie}
}

func modelUpstream(config routerConfig, addr netip.Addr) int {
	var all []string
	var owner []int
	for i, upstream := range config.Upstreams {
		for _, cidr := range append(upstream.CIDRs, upstream.CIDR) {
			if cidr != "" {
				all, owner = append(all, cidr), append(owner, i)
			}
		}
	}
	if i := modelLookup(all, addr); i != none {
		return owner[i]
	}
	return none
}

// modelLookup compares addresses as 128 bits and counts equal bits.
func modelLookup(cidrs []string, addr netip.Addr) int {
	wide := addr.As16()
	mapped := addr.Unmap()
	if mapped.IsUnspecified() || mapped.IsMulticast() || mapped == netip.MustParseAddr("255.255.255.255") {
		return none
	}
	best, bestBits := none, -1
	for i, cidr := range cidrs {
		prefix := netip.MustParsePrefix(cidr)
		bits := prefix.Bits()
		if prefix.Addr().Is4() {
			bits += 96
		}
		if bits < 96 && mapped.Is4() {
			continue
		}
		base := prefix.Addr().As16()
		equal := 0
		for equal < 128 && (base[equal/8]^wide[equal/8])&(0x80>>(equal%8)) == 0 {
			equal++
		}
		if equal >= bits && bits > bestBits {
			best, bestBits = i, bits
		}
	}
	return best
}

func modelOpen(secret, token string) (netip.Addr, int, int) {
	if wrongLetters.MatchString(token) {
		return netip.Addr{}, none, malformed
	}
	if len(token) != 43 && len(token) != 59 {
		return netip.Addr{}, none, noKeyOpens
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return netip.Addr{}, none, malformed
	}
	for i, text := range strings.Fields(secret) {
		key, _ := base64.StdEncoding.DecodeString(text)
		block, _ := aes.NewCipher(key)
		aead, _ := cipher.NewGCM(block)
		plaintext, err := aead.Open(nil, sealed[:12], slices.Clone(sealed[12:]), []byte(additionalData))
		if err == nil {
			addr, _ := netip.AddrFromSlice(plaintext)
			return addr.Unmap(), i, 0
		}
	}
	return netip.Addr{}, none, noKeyOpens
}
