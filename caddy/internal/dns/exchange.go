// In: one question and the name servers to ask, in order.
// Out: what they say. A server that is slow is not waited for alone: the next one is asked as well.

package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	// nextAfter is for how long a name server may be silent until the next one is asked too, and after which a query over UDP is repeated. It
	// is less than a request waits, so that the first request of all still gets its answer when one packet is lost.
	nextAfter = 400 * time.Millisecond
	// repeatAfter is the longest time between two such queries: a server that is back is noticed soon.
	repeatAfter = time.Second
	// wholeAfter is for how long the whole of a cut answer may take until the part is used.
	wholeAfter = 2 * time.Second
	// maxPacket is the size of the largest answer that is read over UDP, in bytes. A longer one is cut.
	maxPacket = 4096
)

// exchange is a question that is put to name servers. It may outlive the lookup that began it, for the next one.
type exchange struct {
	question dnsmessage.Question
	id       uint16
	query    []byte
	dialer   *net.Dialer
	silence  *Silence

	// inOrder is set where a server's "there is no such name" counts only when those before it give no answer: the system's first name server
	// may know names that the second does not.
	inOrder bool

	done chan struct{}
	// These are there when done is closed.
	reply  reply
	server string
	ended  time.Time
}

// told is a reply of the server with this index.
type told struct {
	server int
	reply
}

// run asks until there is an answer, all have failed, or ctx ends.
func (x *exchange) run(ctx context.Context, servers []string) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer close(x.done)
	ordered, heard, again := x.silence.order(servers, time.Now())
	for _, server := range again {
		go x.tryAgain(server)
	}
	replies := make(chan told, len(ordered))
	asked := make([]time.Time, 0, len(ordered)) // when
	answered := make([]bool, len(ordered))
	timer := time.NewTimer(nextAfter)
	defer timer.Stop()
	next := func() {
		if index := len(asked); index < len(ordered) {
			asked = append(asked, time.Now())
			timer.Reset(nextAfter)
			go func() { replies <- told{index, x.ask(ctx, ordered[index])} }()
		}
	}
	// settled says whether a denial by a server counts.
	settled := func(server int) bool {
		return !x.inOrder || !slices.Contains(answered[:min(server, heard)], false)
	}
	best := told{server: -1}
	for next(); ; {
		select {
		case got := <-replies:
			answered[got.server] = true
			if !isTimeout(got.err) {
				x.silence.end(ordered[got.server])
			}
			if better(got.reply, best.reply) || best.server < 0 {
				best = got
			}
			if got.verdict == useless || got.verdict == cut {
				next()
			}
		case <-timer.C:
			next()
			continue
		case <-ctx.Done():
			if best.server < 0 {
				best.server, best.err = len(asked)-1, &net.DNSError{Err: "no answer", Name: x.question.Name.String(), IsTimeout: true}
			}
			answered = answered[:len(asked)]
			x.end(best, ordered, asked, answered)
			return
		}
		all := len(asked) == len(ordered) && !slices.Contains(answered, false)
		if all || best.verdict == found || best.verdict.negative() && settled(best.server) {
			x.end(best, ordered, asked, answered)
			return
		}
	}
}

// better says whether a reply is worth more than another one: addresses more than a denial, that more than a part, and that more than nothing.
func better(a, b reply) bool {
	worth := map[verdict]int{useless: 0, cut: 1, noName: 2, noAddress: 2, found: 3}
	return worth[a.verdict] > worth[b.verdict]
}

// end takes the result. Servers that had their time and did not use it are silent.
func (x *exchange) end(best told, ordered []string, asked []time.Time, answered []bool) {
	x.reply, x.server, x.ended = best.reply, ordered[best.server], time.Now()
	for i, when := range asked {
		if !answered[i] && x.ended.Sub(when) >= nextAfter {
			x.silence.begin(ordered[i], x.ended)
		}
	}
	x.reply.err = x.named(x.reply.err)
}

// named puts name and server into an error that says neither.
func (x *exchange) named(err error) error {
	var failure *serverFailure
	var dns *net.DNSError
	if err == nil || errors.As(err, &failure) {
		return err
	}
	named := net.DNSError{UnwrapErr: err, Err: err.Error(), IsTimeout: isTimeout(err)}
	if errors.As(err, &dns) {
		named = *dns
	}
	named.Name, named.Server = x.question.Name.String(), plain(x.server)
	return &named
}

// tryAgain finds out whether a silent server answers again.
func (x *exchange) tryAgain(server string) {
	ctx, cancel := context.WithTimeout(context.Background(), tryAgainAfter)
	defer cancel()
	if got := x.ask(ctx, server); !isTimeout(got.err) {
		x.silence.end(server)
	}
}

// plain is the address of a server without the network.
func plain(server string) string {
	server = strings.TrimPrefix(server, "tcp/")
	return strings.TrimPrefix(server, "udp/")
}

// ask puts the question to one server: over UDP unless told otherwise, and then over TCP if the answer is cut, since it would hide pods.
func (x *exchange) ask(ctx context.Context, server string) reply {
	if strings.HasPrefix(server, "tcp/") {
		return x.overTCP(ctx, plain(server))
	}
	part := x.overUDP(ctx, plain(server))
	if part.verdict != cut {
		return part
	}
	ctx, cancel := context.WithTimeout(ctx, wholeAfter)
	defer cancel()
	whole := x.overTCP(ctx, plain(server))
	if whole.verdict != useless && whole.verdict != cut {
		return whole
	}
	part.err = &net.OpError{Op: "read", Net: "tcp", Err: errors.New("the answer is cut, and no whole one came")}
	if whole.err != nil {
		part.err = whole.err
	}
	return part
}

func (x *exchange) overUDP(ctx context.Context, server string) reply {
	connection, err := x.dialer.DialContext(ctx, "udp", server)
	if err != nil {
		return reply{err: err}
	}
	defer connection.Close()
	defer context.AfterFunc(ctx, func() { connection.SetDeadline(time.Unix(1, 0)) })()
	buffer := make([]byte, maxPacket)
	for wait := nextAfter; ; wait = min(2*wait, repeatAfter) {
		if _, err := connection.Write(x.query); err != nil {
			return reply{err: err}
		}
		connection.SetReadDeadline(time.Now().Add(wait))
		for ctx.Err() == nil {
			length, err := connection.Read(buffer)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return reply{err: err}
			}
			got := read(buffer[:length], x.question, x.id, server)
			if errors.Is(got.err, errNotMine) {
				continue // a forgery, or a late answer to something else
			}
			if length == len(buffer) {
				got.verdict, got.err = cut, nil
				got.message = buffer
			}
			return got
		}
		if ctx.Err() != nil {
			return reply{err: ctx.Err()}
		}
	}
}

func (x *exchange) overTCP(ctx context.Context, server string) reply {
	connection, err := x.dialer.DialContext(ctx, "tcp", server)
	if err != nil {
		return reply{err: err}
	}
	defer connection.Close()
	defer context.AfterFunc(ctx, func() { connection.SetDeadline(time.Unix(1, 0)) })()
	if _, err := connection.Write(framed(x.query)); err != nil {
		return reply{err: err}
	}
	var size [2]byte
	if _, err := io.ReadFull(connection, size[:]); err != nil {
		return reply{err: err}
	}
	message := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(connection, message); err != nil {
		return reply{err: err}
	}
	return read(message, x.question, x.id, server)
}

// framed is a message as it is sent over TCP.
func framed(message []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.As(err, &timeout) && timeout.Timeout()
}
