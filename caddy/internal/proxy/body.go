// In: the body of a request that goes to a pod.
// Out: the same body, which ends where it has ended, even if it is closed by then, and which remembers whether the client's side failed.

package proxy

import (
	"bytes"
	"io"
	"net/http"
	"sync/atomic"
)

// watchedBody is the body of a request. Where its length was announced, Go's HTTP/1 client asks for more when it has sent all of it, to find
// out whether it is longer. If the pod has begun its answer by then, Go's HTTP/1 server has closed the body, and the client would take the
// refusal to read from it for a failure, and cut the answer.
type watchedBody struct {
	io.ReadCloser
	left   int64 // bytes; less than 0 if nobody knows
	broken atomic.Bool
	closed atomic.Bool
}

// watchBody makes a request's body a watchedBody, if it has one. The first one of a request costs no allocation; another
// one may be needed while the transport has not let go of the first.
func (q *request) watchBody(r *http.Request) *watchedBody {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	if watched, ok := r.Body.(*watchedBody); ok {
		return watched
	}
	watched := &q.body
	if watched.ReadCloser != nil {
		watched = new(watchedBody)
	}
	watched.ReadCloser, watched.left = r.Body, -1
	if r.ContentLength > 0 {
		watched.left = r.ContentLength
	}
	r.Body = watched
	return watched
}

// knowBody finds out whether a request that only asks for something has a body. HTTP/3 gives each one, of unknown length; without it, the request
// can be repeated over another connection, where a pod has just ended the one that was open.
func knowBody(r *http.Request) {
	if r.ProtoMajor < 3 || r.ContentLength >= 0 || r.Body == nil || !reads(r) {
		return
	}
	var first [1]byte
	switch n, err := r.Body.Read(first[:]); {
	case n > 0:
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(first[:]), r.Body), r.Body}
	case err == io.EOF:
		r.Body, r.ContentLength = http.NoBody, 0
	}
}

// Read reads. At the end it is io.EOF, whatever has become of the body.
func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left > 0 {
		b.left -= int64(n)
	}
	if b.left == 0 && err == http.ErrBodyReadAfterClose {
		err = io.EOF
	}
	if err != nil && err != io.EOF && !b.closed.Load() {
		b.broken.Store(true)
	}
	return n, err
}

// Close closes the body.
func (b *watchedBody) Close() error {
	b.closed.Store(true)
	return b.ReadCloser.Close()
}

// failed tells whether the client did not send the whole body. No body never fails.
func (b *watchedBody) failed() bool { return b != nil && b.broken.Load() }
