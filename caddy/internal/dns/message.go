package dns

import (
	"cmp"
	"errors"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// question is a query to name servers. It may outlive its lookup, and then serves the next one.
type question struct {
	dnsmessage.Question
	id uint16
	// framed is the query with a length prefix, as for TCP.
	framed []byte

	ended chan struct{}
	reply atomic.Pointer[reply] // set before ended is closed
}

// reply is the result of a question.
type reply struct {
	server        string // the server asked
	firstIsSilent bool   // although this reply is useful
	at            time.Time
	addresses     []netip.Addr
	noName        bool  // the name does not exist, with any type
	err           error // nil if the addresses are complete
}

// The worth of a reply: nothing, some of the addresses, a denial, or all addresses.
const (
	nothing = iota
	part
	denial
	whole
)

func (r reply) worth() int {
	switch {
	case r.err == nil:
		return whole
	case errors.Is(r.err, errAbsent):
		return denial
	case len(r.addresses) > 0:
		return part
	}
	return nothing
}

var (
	errAbsent    = errors.New("no such host")
	errTruncated = errors.New("the answer was truncated, and no complete one came over TCP")
)

// refusal is the error code of an answer.
type refusal dnsmessage.RCode

// Error returns the code by name.
func (r refusal) Error() string {
	return "the name server answered " + strings.TrimPrefix(dnsmessage.RCode(r).String(), "RCode")
}

// read parses a message. mine is false if the message answers another question.
func (q *question) read(message []byte) (r reply, mine bool) {
	var m dnsmessage.Message
	_ = m.Unpack(message) // skips what it cannot parse
	if !m.Response || m.ID != q.id || len(m.Questions) != 1 || m.Questions[0].Type != q.Type || m.Questions[0].Class != q.Class ||
		!strings.EqualFold(m.Questions[0].Name.String(), q.Name.String()) {
		return reply{}, false
	}
	switch {
	case m.RCode == dnsmessage.RCodeNameError:
		return reply{noName: true, err: errAbsent}, true
	case m.RCode != dnsmessage.RCodeSuccess:
		return reply{err: refusal(m.RCode)}, true
	case m.Truncated || m.Answers == nil:
		r.err = errTruncated
	case len(m.Answers) == 0 && !m.Authoritative && !m.RecursionAvailable && len(m.Additionals) == 0:
		return reply{err: refusal(dnsmessage.RCodeRefused)}, true // a referral, which a stub resolver cannot follow
	}
	for _, answer := range m.Answers {
		switch body := answer.Body.(type) {
		case *dnsmessage.AResource:
			r.addresses = append(r.addresses, netip.AddrFrom4(body.A))
		case *dnsmessage.AAAAResource:
			r.addresses = append(r.addresses, netip.AddrFrom16(body.AAAA))
		}
	}
	if len(r.addresses) == 0 {
		r.err = cmp.Or(r.err, errAbsent)
	}
	return r, true
}
