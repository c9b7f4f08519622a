package harness

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
)

// LastChoice starts a draining pod at an address and port, and loads a page from it through the
// proxy. There is no other pod, so the proxy must ask it again as the last choice. The client must
// neither send the header for that nor see that the pod is draining.
func LastChoice(t testing.TB, port int, address string) {
	t.Helper()
	var mu sync.Mutex
	var saw []string
	pod := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		saw = append(saw, r.Header.Get("Doors-Last-Choice"))
		w.Header().Set("Doors-Draining", "?1")
		if saw[len(saw)-1] != "?1" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "a page")
	})}
	listener, err := net.Listen("tcp", address)
	check(t, err)
	go pod.Serve(listener)
	defer pod.Close()

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/", port), nil)
	check(t, err)
	request.Header.Set("Doors-Last-Choice", "?1")
	answer, err := new(http.Transport).RoundTrip(request)
	check(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK || string(body) != "a page" || answer.Header["Doors-Draining"] != nil {
		t.Errorf("the last choice: %d %v %q, %v", answer.StatusCode, answer.Header, body, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(saw, []string{"", "?1"}) {
		t.Errorf("the pod was asked as the last choice: %q", saw)
	}
}
