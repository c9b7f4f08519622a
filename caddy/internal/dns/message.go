// In: a question, and the message of a name server.
// Out: what the message says, and the addresses in it. Pure.

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

// question is one that name servers are asked. It may outlive the lookup that put it, for the next one.
type question struct {
	dnsmessage.Question
	id uint16
	// framed is the query with its length in front, as TCP wants it.
	framed []byte

	ended chan struct{}
	reply atomic.Pointer[reply] // there when ended is closed
}

// reply is what came of a question.
type reply struct {
	server    string // that was asked
	passed    bool   // the reply is of use, and the server that was asked first is silent
	at        time.Time
	addresses []netip.Addr
	noName    bool  // the name does not exist, for no type
	err       error // nil if the addresses are all that there are
}

// The worth of a reply: nothing is known, or a part of the addresses, or that there is none, or all.
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
	errAbsent = errors.New("no such host")
	errCut    = errors.New("the answer is cut, and no whole one came")
)

// refusal is an answer with an error code.
type refusal dnsmessage.RCode

// Error says it in a few words.
func (r refusal) Error() string {
	return "the name server answered " + strings.TrimPrefix(dnsmessage.RCode(r).String(), "RCode")
}

// read says what a message means. It is not mine if it answers something else.
func (q *question) read(message []byte) (r reply, mine bool) {
	var m dnsmessage.Message
	_ = m.Unpack(message) // leaves out what cannot be read
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
		r.err = errCut
	case len(m.Answers) == 0 && !m.Authoritative && !m.RecursionAvailable && len(m.Additionals) == 0:
		return reply{err: refusal(dnsmessage.RCodeRefused)}, true // "ask somebody else", which a resolver cannot do
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
