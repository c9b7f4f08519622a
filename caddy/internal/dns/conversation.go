// In: the queries of package net's resolver, which knows the system's configuration: search domains, files, what to ask for.
// Out: answers to them, from exchanges with name servers of our own. Package net takes it for a connection.

package dns

import (
	"bytes"
	"context"
	"net"
	"time"
)

// conversation is a connection to no server in particular. It belongs to one goroutine.
type conversation struct {
	ctx     context.Context // of this attempt: that it is over does not end the exchange
	lookup  *lookup
	network string
	address string // where package net would ask
	answer  bytes.Buffer
}

// Write takes a query with its length in front and waits for the answer.
func (c *conversation) Write(query []byte) (int, error) {
	message, err := c.lookup.ask(c.ctx, c.network, c.address, bytes.Clone(query[2:]))
	if err != nil {
		return 0, err
	}
	c.answer.Write(framed(message))
	return len(query), nil
}

// Read returns the answer.
func (c *conversation) Read(into []byte) (int, error) { return c.answer.Read(into) }

// Close does nothing: an exchange may go on for the next lookup.
func (c *conversation) Close() error { return nil }

// LocalAddr returns no address.
func (c *conversation) LocalAddr() net.Addr { return nil }

// RemoteAddr returns no address.
func (c *conversation) RemoteAddr() net.Addr { return nil }

// SetDeadline does nothing: the context has the same one.
func (c *conversation) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (c *conversation) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (c *conversation) SetWriteDeadline(time.Time) error { return nil }

// Interface guard
var _ net.Conn = (*conversation)(nil)
