package harness

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"
)

// Output is the output of a process so far.
type Output struct {
	mu   sync.Mutex
	text bytes.Buffer
	news chan struct{} // closed and replaced at every write
}

// Write appends the process's standard error.
func (o *Output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.news != nil {
		close(o.news)
		o.news = nil
	}
	return o.text.Write(text)
}

// String returns the whole output so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Wait waits until the output contains text, and fails the test if it never does.
func (o *Output) Wait(t testing.TB, text string, patience time.Duration) {
	t.Helper()
	limit := time.After(patience)
	for {
		o.mu.Lock()
		found := strings.Contains(o.text.String(), text)
		if o.news == nil {
			o.news = make(chan struct{})
		}
		news := o.news
		o.mu.Unlock()
		if found {
			return
		}
		select {
		case <-news:
		case <-limit:
			t.Fatalf("%q was not written in %v", text, patience)
		}
	}
}

// Tail returns the last lines of the output.
func (o *Output) Tail(bytes int) string {
	text := o.String()
	if len(text) <= bytes {
		return text
	}
	text = text[len(text)-bytes:]
	if _, rest, found := strings.Cut(text, "\n"); found {
		return rest
	}
	return text
}
