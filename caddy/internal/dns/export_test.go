package dns

import (
	"net/netip"

	"golang.org/x/net/dns/dnsmessage"
)

// What tests outside of this package need of those inside.

const TestName = name

var (
	StartNameserver = startNameserver
	Addresses       = addresses
)

func (s *nameserver) Address() string { return s.address }

// Say makes the server say so from now on.
func (s *nameserver) Say(answer []netip.Addr, code dnsmessage.RCode, silent int) {
	s.change(func() { s.answer, s.code, s.silent = answer, code, silent })
}
