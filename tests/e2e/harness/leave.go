package harness

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// LeaveWhileWaiting sends a page load that has to wait for a pod, and leaves. The proxy must close
// the connection without an answer. The client closes only its own half, so that it sees what the
// proxy does.
func LeaveWhileWaiting(t testing.TB, port int) {
	t.Helper()
	client, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	check(t, err)
	defer client.Close()
	check(t, client.SetDeadline(time.Now().Add(Patience)))
	_, err = io.WriteString(client, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	check(t, err)
	check(t, client.(*net.TCPConn).CloseWrite())
	if answer, err := io.ReadAll(client); err != nil || len(answer) > 0 {
		t.Errorf("a client that has left got %q, %v", answer, err)
	}
}
