package main

import (
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
)

// appName is the name under which Caddy finds pods.
const appName = "app.demo"

// names is a name server that answers every query with the pods for new pages, like the name server of
// a cluster for a service.
type names struct {
	socket *net.UDPConn

	mu    sync.Mutex
	pods  []netip.Addr
	asked chan struct{} // closed when the pods have been asked for; then nil
}

func startNames() (*names, error) {
	socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		return nil, err
	}
	n := &names{socket: socket}
	go func() {
		for question := make([]byte, 1500); ; {
			length, from, err := socket.ReadFromUDPAddrPort(question)
			if err != nil {
				return // stopped
			}
			if answer := n.answer(question[:length]); answer != nil {
				_, _ = socket.WriteToUDPAddrPort(answer, from)
			}
		}
	}()
	return n, nil
}

func (n *names) address() string { return n.socket.LocalAddr().String() }

func (n *names) stop() { n.socket.Close() }

// set changes the answer. The channel is closed when it has been given for the first time.
func (n *names) set(pods []netip.Addr) (asked <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.pods, n.asked = pods, make(chan struct{})
	return n.asked
}

// The parts of an answer (RFC 1035, section 4).
const (
	headerLength = 12
	typeA        = 1
	isAnswer     = 0x8180 // with recursion desired and available, without an error
	nameAbove    = 0xC000 | headerLength
)

// answer returns nil unless the message is a single question.
func (n *names) answer(question []byte) []byte {
	end := headerLength
	for end < len(question) && question[end] != 0 { // the labels of the name
		end += 1 + int(question[end])
	}
	end += 5 // the empty label, type and class
	if end > len(question) || binary.BigEndian.Uint16(question[4:]) != 1 {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	var pods []netip.Addr
	if binary.BigEndian.Uint16(question[end-4:]) == typeA {
		pods = n.pods
		if n.asked != nil {
			close(n.asked)
			n.asked = nil
		}
	}
	answer := append([]byte(nil), question[:2]...)
	for _, field := range []uint16{isAnswer, 1, uint16(len(pods)), 0, 0} {
		answer = binary.BigEndian.AppendUint16(answer, field)
	}
	answer = append(answer, question[headerLength:end]...)
	for _, pod := range pods {
		for _, field := range []uint16{nameAbove, typeA, 1, 0, 0, 4} { // class IN, TTL 0, 4 bytes
			answer = binary.BigEndian.AppendUint16(answer, field)
		}
		address := pod.As4()
		answer = append(answer, address[:]...)
	}
	return answer
}
