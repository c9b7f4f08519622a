package harness

import (
	"bytes"
	"io"
	"net/http"
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
	answer, err := admin.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}
