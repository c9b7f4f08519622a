package dns

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// nameserver is a DNS server on one port of 127.0.0.1, over UDP and TCP. It gives the same answer
// for every name.
type nameserver struct {
	address string // host:port

	mu sync.Mutex
	behaviour
	asked map[string]int // network and type, such as "udp A" -> queries
}

type behaviour struct {
	answer   []netip.Addr
	code     dnsmessage.RCode
	silent   int  // how many queries to ignore; -1 for all
	truncate bool // over UDP
	// special may return another answer, or nil for the usual one. It may be nil.
	special func(network string, question dnsmessage.Question) *special
}

// special is a different answer to a question.
type special struct {
	silent    bool
	delay     time.Duration
	code      dnsmessage.RCode
	truncated bool
	answer    []netip.Addr
}

func startNameserver(t *testing.T, answer ...string) *nameserver {
	t.Helper()
	stream, packets := samePort(t)
	s := &nameserver{address: stream.Addr().String(), behaviour: behaviour{answer: addresses(answer...)}, asked: make(map[string]int)}
	t.Cleanup(func() {
		packets.Close()
		stream.Close()
	})
	go s.servePackets(packets)
	go s.serveStreams(stream)
	return s
}

// samePort listens on a port that is free for both TCP and UDP.
func samePort(t *testing.T) (stream net.Listener, packets net.PacketConn) {
	t.Helper()
	for attempt := 1; ; attempt++ {
		stream, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if packets, err = net.ListenPacket("udp", stream.Addr().String()); err == nil {
			return stream, packets
		}
		stream.Close()
		if attempt == 20 {
			t.Fatal(err)
		}
	}
}

// udp returns the server's address for Options.Resolvers.
func (s *nameserver) udp() string { return "udp/" + s.address }

func (s *nameserver) change(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *nameserver) queries(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[kind]
}

func (s *nameserver) servePackets(packets net.PacketConn) {
	buffer := make([]byte, 1500)
	for {
		n, from, err := packets.ReadFrom(buffer)
		if err != nil {
			return
		}
		if answer, delay := s.respond("udp", buffer[:n]); answer != nil {
			time.AfterFunc(delay, func() { packets.WriteTo(answer, from) })
		}
	}
}

func (s *nameserver) serveStreams(stream net.Listener) {
	for {
		connection, err := stream.Accept()
		if err != nil {
			return
		}
		go func() {
			defer connection.Close()
			var size [2]byte
			for {
				if _, err := io.ReadFull(connection, size[:]); err != nil {
					return
				}
				query := make([]byte, binary.BigEndian.Uint16(size[:]))
				if _, err := io.ReadFull(connection, query); err != nil {
					return
				}
				if answer, delay := s.respond("tcp", query); answer != nil {
					time.Sleep(delay)
					connection.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
				}
			}
		}()
	}
}

func (s *nameserver) respond(network string, query []byte) (answer []byte, delay time.Duration) {
	var message dnsmessage.Message
	if err := message.Unpack(query); err != nil || len(message.Questions) != 1 {
		return nil, 0
	}
	question := message.Questions[0]
	s.mu.Lock()
	defer s.mu.Unlock()
	kinds := map[dnsmessage.Type]string{dnsmessage.TypeA: "A", dnsmessage.TypeAAAA: "AAAA"}
	s.asked[network+" "+kinds[question.Type]]++
	if s.silent != 0 {
		s.silent = max(s.silent-1, -1)
		return nil, 0
	}
	said := &special{code: s.code, truncated: s.truncate && network == "udp", answer: s.answer}
	if said.truncated {
		said.answer = nil
	}
	if s.special != nil {
		if other := s.special(network, question); other != nil {
			said = other
		}
	}
	if said.silent {
		return nil, 0
	}
	reply := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: message.ID, Response: true, RCode: said.code, Truncated: said.truncated, RecursionAvailable: true},
		Questions: message.Questions,
	}
	if said.code == dnsmessage.RCodeSuccess {
		for _, a := range said.answer {
			resource := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: question.Name, Type: question.Type, Class: question.Class}}
			switch {
			case a.Is4() && question.Type == dnsmessage.TypeA:
				resource.Body = &dnsmessage.AResource{A: a.As4()}
			case a.Is6() && question.Type == dnsmessage.TypeAAAA:
				resource.Body = &dnsmessage.AAAAResource{AAAA: a.As16()}
			default:
				continue
			}
			reply.Answers = append(reply.Answers, resource)
		}
	}
	packed, err := reply.Pack()
	if err != nil {
		return nil, 0
	}
	return packed, said.delay
}
