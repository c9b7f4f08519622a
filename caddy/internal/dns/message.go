// In: the message of a name server, and the query that it answers.
// Out: what it says, in one word, and the addresses in it. Pure.

package dns

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// verdict is what one name server says to one question.
type verdict uint8

const (
	useless   verdict = iota // no answer, or one that says nothing: the next name server may know
	cut                      // more addresses than are in it
	found                    // addresses
	noName                   // the name does not exist, for no type
	noAddress                // the name has no address of this type
)

// negative says whether the verdict denies that there is an address.
func (v verdict) negative() bool { return v == noName || v == noAddress }

// reply is what came of a question.
type reply struct {
	verdict   verdict
	message   []byte
	addresses []netip.Addr
	err       error // if useless or cut: why
}

// errNotMine is about a message that does not belong to the query.
var errNotMine = errors.New("answers another question")

// serverFailure is an answer with an error code.
type serverFailure struct {
	name, server string
	code         dnsmessage.RCode
}

func (e *serverFailure) Error() string {
	return fmt.Sprintf("lookup %s on %s: the name server answered %s", e.name, e.server, strings.TrimPrefix(e.code.String(), "RCode"))
}

// questionOf returns the question and the ID of a query.
func questionOf(query []byte) (question dnsmessage.Question, id uint16, err error) {
	var p dnsmessage.Parser
	header, err := p.Start(query)
	if err == nil {
		question, err = p.Question()
	}
	return question, header.ID, err
}

// read judges a message; its err is errNotMine for one that is no answer to this query.
func read(message []byte, question dnsmessage.Question, id uint16, server string) reply {
	var p dnsmessage.Parser
	header, err := p.Start(message)
	if err != nil {
		return reply{err: errNotMine}
	}
	if asked, err := p.Question(); err != nil || !header.Response || header.ID != id || asked.Type != question.Type ||
		asked.Class != question.Class || !strings.EqualFold(asked.Name.String(), question.Name.String()) {
		return reply{err: errNotMine}
	}
	failed := func(code dnsmessage.RCode) reply {
		return reply{err: &serverFailure{question.Name.String(), server, code}}
	}
	switch header.RCode {
	case dnsmessage.RCodeSuccess:
	case dnsmessage.RCodeNameError:
		return reply{verdict: noName, message: message}
	default:
		return failed(header.RCode)
	}
	addresses, answers, err := addressesIn(&p, question.Type)
	switch {
	case header.Truncated:
		return reply{verdict: cut, message: message, addresses: addresses}
	case err != nil:
		return failed(dnsmessage.RCodeFormatError)
	case len(addresses) > 0:
		return reply{verdict: found, message: message, addresses: addresses}
	case answers == 0 && !header.Authoritative && !header.RecursionAvailable && !hasAdditional(p):
		return failed(dnsmessage.RCodeRefused) // "ask somebody else", which a resolver cannot do
	}
	return reply{verdict: noAddress, message: message}
}

// addressesIn reads the answers of a message.
func addressesIn(p *dnsmessage.Parser, kind dnsmessage.Type) (addresses []netip.Addr, answers int, err error) {
	if err := p.SkipAllQuestions(); err != nil {
		return nil, 0, err
	}
	for {
		header, err := p.AnswerHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			return addresses, answers, nil
		}
		if err != nil {
			return addresses, answers, err
		}
		answers++
		switch {
		case header.Type != kind:
			err = p.SkipAnswer()
		case kind == dnsmessage.TypeA:
			var a dnsmessage.AResource
			if a, err = p.AResource(); err == nil {
				addresses = append(addresses, netip.AddrFrom4(a.A))
			}
		case kind == dnsmessage.TypeAAAA:
			var a dnsmessage.AAAAResource
			if a, err = p.AAAAResource(); err == nil {
				addresses = append(addresses, netip.AddrFrom16(a.AAAA))
			}
		default:
			err = p.SkipAnswer()
		}
		if err != nil {
			return addresses, answers, err
		}
	}
}

func hasAdditional(p dnsmessage.Parser) bool {
	if p.SkipAllAuthorities() != nil {
		return false
	}
	_, err := p.AdditionalHeader()
	return err == nil
}

// addressed returns a copy of a message with another ID.
func addressed(message []byte, id uint16) []byte {
	mine := append([]byte(nil), message...)
	mine[0], mine[1] = byte(id>>8), byte(id)
	return mine
}
