package harness

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"syscall"
	"time"
)

// PID returns the ID of the process.
func (c *Caddy) PID() int { return c.command.Process.Pid }

// Reload is like Load, but Caddy also reloads an unchanged configuration. It may be called from any
// goroutine.
func (c *Caddy) Reload(config Config) (int, string, error) {
	contentType := "application/json"
	if _, adapter := config.file(); adapter != "" {
		contentType = "text/" + adapter
	}
	request, err := http.NewRequest("POST", c.AdminURL("/load"), bytes.NewReader([]byte(c.Text(config))))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Cache-Control", "must-revalidate")
	answer, err := askAdmin(request)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}

// askAdmin calls the admin API. Every configuration replaces its listener too, which resets
// connections that are not yet accepted. Such a request was not read, and is repeated.
func askAdmin(request *http.Request) (*http.Response, error) {
	for try := 0; ; try++ {
		if try > 0 && request.GetBody != nil {
			body, err := request.GetBody()
			if err != nil {
				return nil, err
			}
			request.Body = body
		}
		answer, err := admin.Do(request)
		if try == 20 || !errors.Is(err, syscall.ECONNRESET) {
			return answer, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}
