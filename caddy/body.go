// In: the body of a request that goes to a pod.
// Out: the same body, which ends where it has ended, even if it is closed by then.

package caddydoors

import (
	"io"
	"net/http"
)

// announcedBody is a body whose length was announced. Go's HTTP/1 client asks for more when it has sent all of it, to find out whether it
// is longer. If the pod has begun its answer by then, Go's HTTP/1 server has closed the body, and the client would take the
// refusal to read from it for a failure, and cut the answer.
type announcedBody struct {
	io.ReadCloser
	left int64 // bytes
}

// keepEnd makes a request's body an announcedBody, if it has an announced length.
func keepEnd(r *http.Request) {
	if _, kept := r.Body.(*announcedBody); r.Body != nil && r.ContentLength > 0 && !kept {
		r.Body = &announcedBody{r.Body, r.ContentLength}
	}
}

// Read reads. At the end it is io.EOF, whatever has become of the body.
func (b *announcedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	if b.left == 0 && err == http.ErrBodyReadAfterClose {
		err = io.EOF
	}
	return n, err
}
