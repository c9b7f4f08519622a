// In:  a goroutine whose stack is still small.
// Out: one with room for a proxied request.

package caddydoors

// room is about how much stack Caddy takes to proxy a request from here on.
const room = 8 << 10

// growStack makes the stack grow at once. HTTP/2 and HTTP/3 give each request a goroutine of its own, whose stack would grow
// in several steps while more and more calls lie on it, all of which have to be adjusted each time. All that counts is how
// large the frame of this function is; a negative index does nothing with it.
//
//go:noinline
func growStack(index int) byte {
	if index < 0 {
		return 0
	}
	var frame [room]byte
	frame[index] = 1
	return frame[room-1-index]
}
