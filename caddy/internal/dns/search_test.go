package dns

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/doors-dev/doors-caddy/go"
	"golang.org/x/net/dns/dnsmessage"
)

// searching is a lookup as package net makes it: one name after the other until there are addresses.
func searching(t *testing.T, r *resolver, names ...string) ([]netip.Addr, error) {
	t.Helper()
	l := &lookup{resolver: r, host: "app", system: sync.OnceValue(r.system)}
	for _, name := range names {
		query, err := (&dnsmessage.Message{Questions: []dnsmessage.Question{{
			Name: dnsmessage.MustNewName(name), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET,
		}}}).Pack()
		if err != nil {
			t.Fatal(err)
		}
		answer, err := l.ask(t.Context(), "udp", "", query)
		var message dnsmessage.Message
		if err == nil && message.Unpack(answer) == nil && len(message.Answers) > 0 {
			a, _ := message.Answers[0].Body.(*dnsmessage.AResource)
			return l.conclude([]netip.Addr{netip.AddrFrom4(a.A)}, nil)
		}
	}
	return l.conclude(nil, errors.New("none of these"))
}

// A search domain that fails for a moment does not hand the host over to the next one, which may know another host of that name.
func TestSearchDomainThatFails(t *testing.T) {
	var failing sync.Map
	server := startNameserver(t)
	server.change(func() {
		server.special = func(_ string, q dnsmessage.Question) *special {
			domain := strings.TrimPrefix(q.Name.String(), "app.")
			if code, found := failing.Load(domain); found {
				return &special{code: code.(dnsmessage.RCode)}
			}
			return &special{answer: map[string][]netip.Addr{"first.": two[:1], "second.": two[1:]}[domain]}
		}
	})
	r := newResolver(Options{Resolvers: []string{server.address}}, NewSilence())
	search := func(what string, want []netip.Addr, fails doors.LookupFailure) {
		t.Helper()
		got, err := searching(t, r, "app.first.", "app.second.", "app.")
		if !slices.Equal(got, want) || (err != nil) != (fails != 0) || err != nil && kindOf(err) != fails {
			t.Errorf("%s: got %v, %v; want %v, %v", what, got, err, want, fails)
		}
	}
	failing.Store("first.", dnsmessage.RCodeServerFailure)
	search("nothing is known yet", two[1:], 0)
	failing.Delete("first.")
	search("the first knows it", two[:1], 0)
	failing.Store("first.", dnsmessage.RCodeRefused)
	search("the first fails", nil, doors.LookupServerFailure)
	failing.Store("first.", dnsmessage.RCodeNameError)
	search("the first says that it is not there", two[1:], 0)
	failing.Store("second.", dnsmessage.RCodeServerFailure)
	search("the second fails, and no other knows it", nil, doors.LookupServerFailure)
	failing.Store("second.", dnsmessage.RCodeNameError)
	search("none knows it", nil, doors.LookupNotFound)
}
