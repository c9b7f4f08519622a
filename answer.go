package doorscaddy

// In:  what the app writes.
// Out: the same, with the mark on each answer whose header leaves after the gate was closed, however long ago its request came.

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// mark sets the headers of an answer of a draining pod.
//
// A connection that is kept open would bring new requests. Over HTTP/2, where
// the header is illegal, net/http leaves it out and sends GOAWAY: what is under
// way on the connection goes on.
func mark(header http.Header, status int) {
	header.Set(markHeader, headerTrue)
	if status != http.StatusSwitchingProtocols { // whose header says what the connection becomes
		header.Set("Connection", "close")
	}
}

// answer returns a writer for the app, and what to call when the app has
// returned.
func (g *gate) answer(w http.ResponseWriter, r *http.Request) (answer http.ResponseWriter, complete func()) {
	writer := &answerWriter{ResponseWriter: w, gate: g}
	complete = func() { writer.begin(http.StatusOK) }
	if r.ProtoMajor == 1 {
		return answerWriter1{writer}, complete
	}
	return writer, complete
}

// answerWriter marks an answer when its header is about to be written. The
// header may leave long after the request came: that of a receiver stream
// leaves with the first frame.
type answerWriter struct {
	http.ResponseWriter
	gate *gate
}

// begin is called before the header is written. After that it changes nothing.
func (w *answerWriter) begin(status int) {
	if w.gate.closed.Load() {
		mark(w.Header(), status)
	}
}

// WriteHeader leaves informational answers alone: a proxy passes them on before
// it sees the mark.
func (w *answerWriter) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.begin(status)
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *answerWriter) Write(body []byte) (int, error) {
	w.begin(http.StatusOK)
	return w.ResponseWriter.Write(body)
}

func (w *answerWriter) WriteString(body string) (int, error) {
	w.begin(http.StatusOK)
	return io.WriteString(w.ResponseWriter, body)
}

// Flush is for http.Flusher, FlushError for http.ResponseController.
func (w *answerWriter) Flush() { _ = w.FlushError() }

func (w *answerWriter) FlushError() error {
	w.begin(http.StatusOK)
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the rest.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// answerWriter1 is for HTTP/1, where net/http offers more.
type answerWriter1 struct{ *answerWriter }

// Hijack hands the connection over as it is.
func (w answerWriter1) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// ReadFrom keeps files on the way from the kernel to the kernel.
func (w answerWriter1) ReadFrom(body io.Reader) (int64, error) {
	w.begin(http.StatusOK)
	return io.Copy(w.ResponseWriter, body)
}
