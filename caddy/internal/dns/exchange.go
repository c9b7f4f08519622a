package dns

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	// nextServerWait is how long to wait for a name server before the next one is asked too, and before
	// a UDP query is repeated. It is shorter than requests wait for DNS, so that even the first
	// request gets its answer when a packet is lost.
	nextServerWait = 400 * time.Millisecond
	// maxRepeatWait is the longest interval between UDP queries, so that a server that is back is
	// noticed soon.
	maxRepeatWait = time.Second
	// denialWait is how long a denial waits for higher-ranked servers once all have been asked.
	denialWait = 2 * time.Second
	// fullAnswerWait is how long to wait for the full answer over TCP before using a truncated one.
	fullAnswerWait = 2 * time.Second
	// maxPacket is the size of the largest answer read over UDP, in bytes. A longer one is
	// truncated.
	maxPacket = 4096
)

// exchange queries the servers, one after the other, until one has answered, all have failed, or
// ctx is done. With ranks, a server's "no such name" counts only if the servers before it do not
// answer: the system's first name server may know names that the second does not.
func exchange(ctx context.Context, dialer *net.Dialer, q *question, servers []string, ranks bool) reply {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	replies := make(chan reply, len(servers))
	left, waiting := servers, []string(nil) // both in order
	timer := time.NewTimer(nextServerWait)
	defer timer.Stop()
	next := func() {
		if len(left) == 0 || ctx.Err() != nil {
			return
		}
		server := left[0]
		left, waiting = left[1:], append(waiting, server)
		timer.Reset(nextServerWait)
		if len(left) == 0 {
			timer.Reset(denialWait)
		}
		go func() { replies <- ask(ctx, dialer, q, server) }()
	}
	best := reply{err: os.ErrDeadlineExceeded}
	settled := func() bool { // reports whether a denial counts
		return !ranks || slices.Index(servers, waiting[0]) > slices.Index(servers, best.server)
	}
	for next(); len(waiting) > 0 && best.worth() != whole && (best.worth() != denial || !settled()); {
		select {
		case <-timer.C:
			ranks = ranks && len(left) > 0
			next()
		case got := <-replies:
			waiting = slices.DeleteFunc(waiting, func(server string) bool { return server == got.server })
			if best.server == "" || got.worth() > best.worth() {
				best = got
			}
			if got.worth() < denial {
				next()
			}
		}
	}
	best.firstIsSilent = best.worth() != nothing && slices.Contains(waiting, servers[0])
	return best
}

// ask queries one server. It uses UDP unless the server says tcp, and repeats the query over TCP if
// the answer is truncated: some pods would be missing.
func ask(ctx context.Context, dialer *net.Dialer, q *question, server string) reply {
	network, address, _ := strings.Cut(server, "/")
	got := over(ctx, dialer, network, address, q)
	if network == "udp" && errors.Is(got.err, errTruncated) {
		ctx, cancel := context.WithTimeout(ctx, fullAnswerWait)
		defer cancel()
		known := got.addresses
		if got = over(ctx, dialer, "tcp", address, q); got.worth() == nothing {
			got.addresses = known
		}
	}
	got.server, got.at = server, time.Now()
	if got.err != nil {
		got.err = fmt.Errorf("lookup %s on %s: %w", q.Name, address, got.err)
	}
	return got
}

func over(ctx context.Context, dialer *net.Dialer, network, address string, q *question) reply {
	connection, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return reply{err: err}
	}
	defer connection.Close()
	defer context.AfterFunc(ctx, func() { connection.SetDeadline(time.Unix(1, 0)) })()
	if network == "tcp" {
		return overTCP(connection, q)
	}
	return overUDP(ctx, connection, q)
}

func overUDP(ctx context.Context, connection net.Conn, q *question) reply {
	buffer := make([]byte, maxPacket)
	for wait := nextServerWait; ; wait = min(2*wait, maxRepeatWait) {
		if _, err := connection.Write(q.framed[2:]); err != nil {
			return reply{err: err}
		}
		connection.SetReadDeadline(time.Now().Add(wait))
		for {
			length, err := connection.Read(buffer)
			if ctx.Err() == nil && errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return reply{err: err}
			}
			if got, mine := q.read(buffer[:length]); mine { // else it is forged, or the answer to an earlier query
				return got
			}
		}
	}
}

func overTCP(connection net.Conn, q *question) reply {
	connection.Write(q.framed) // on error the read fails too
	var length uint16
	err := binary.Read(connection, binary.BigEndian, &length)
	message := make([]byte, length)
	if err == nil {
		_, err = io.ReadFull(connection, message)
	}
	if got, mine := q.read(message); mine {
		return got
	}
	return reply{err: cmp.Or(err, errTruncated)}
}
