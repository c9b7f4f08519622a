package doorscaddy

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// mark sets the headers of an answer of a draining pod.
//
// Connection: close keeps new requests off the connection. Over HTTP/2, which
// does not have the header, net/http drops it and sends GOAWAY: requests under
// way on the connection continue.
func mark(header http.Header, status int) {
	header.Set(markHeader, headerTrue)
	if status != http.StatusSwitchingProtocols { // else the header says what the connection becomes
		header.Set("Connection", "close")
	}
}

// answer returns a writer for the app's answer, and a function to call when the
// app has returned.
func (g *gate) answer(w http.ResponseWriter, r *http.Request) (answer http.ResponseWriter, complete func()) {
	writer := &answerWriter{ResponseWriter: w, gate: g}
	complete = func() { writer.begin(http.StatusOK) }
	if r.ProtoMajor == 1 {
		return answerWriter1{writer}, complete
	}
	return writer, complete
}

// answerWriter adds the mark when the header is about to be written. That may
// be long after the request came: the header of a receiver stream is written
// with the first frame.
type answerWriter struct {
	http.ResponseWriter
	gate *gate
}

// begin is called before the header is written. Later calls have no effect.
func (w *answerWriter) begin(status int) {
	if w.gate.closed.Load() {
		mark(w.Header(), status)
	}
}

// WriteHeader does not mark informational answers: a proxy forwards them before
// it can act on the mark.
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

// Flush implements http.Flusher, and FlushError serves http.ResponseController.
func (w *answerWriter) Flush() { _ = w.FlushError() }

func (w *answerWriter) FlushError() error {
	w.begin(http.StatusOK)
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the wrapped writer.
func (w *answerWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// answerWriter1 is the writer for HTTP/1, which implements more interfaces.
type answerWriter1 struct{ *answerWriter }

// Hijack hands the connection over unmarked.
func (w answerWriter1) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// ReadFrom lets the kernel send files directly.
func (w answerWriter1) ReadFrom(body io.Reader) (int64, error) {
	w.begin(http.StatusOK)
	return io.Copy(w.ResponseWriter, body)
}
