package harness

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"syscall"
	"time"
)

// PID is the number of the process.
func (c *Caddy) PID() int { return c.command.Process.Pid }

// Reload is Load that Caddy obeys even when the configuration is the one that
// runs. It may be called from any goroutine.
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

// askAdmin asks the admin API. Its listener is replaced too by every configuration, which resets a connection that waits at the
// old one: such a request was not read, and is sent again.
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
