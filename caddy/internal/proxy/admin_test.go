package proxy

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/doors-dev/doors-caddy/caddy/internal/caddytest"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
)

// The admin server of a configuration that failed to load stays in use, so it holds questions. One
// that is replaced answers them.
func TestAdminHoldsQuestionsAfterAFailedReload(t *testing.T) {
	r := startRollback(t)
	ask := func(path string, into any) int { // 0 if a replaced admin server dropped the connection
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+path, nil)
		if err != nil {
			t.Error(err)
			return 0
		}
		answer, err := r.admin.Do(request)
		if err != nil {
			return 0
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err == nil {
			err = json.Unmarshal(body, into)
		}
		if err != nil {
			t.Errorf("%s: %q, %v", path, body, err)
		}
		return answer.StatusCode
	}
	if caddy.Load(r.with(`{"handler": "reverse_proxy", "transport": 5}`), true) == nil {
		t.Fatal("a transport 5 is accepted")
	}
	var state status.State
	caddytest.Eventually(t, func() string {
		if ask("/doors", &state) != http.StatusOK {
			return "the admin API does not answer"
		}
		return ""
	})
	var idle status.Idle
	path := fmt.Sprintf("/doors/pods/127.0.1.1?idle=%fs&wait=10m", state.UptimeSeconds+1)
	if code := ask(path, &idle); code != http.StatusOK || idle.Answer != status.IsIdle {
		t.Errorf("the first answer to a held question: %d %+v", code, idle)
	}
	held := make(chan int, 1)
	go func() {
		code := 0
		for code == 0 && t.Context().Err() == nil {
			code = ask("/doors/pods/127.0.1.1?idle=1h&wait=10m", &idle)
		}
		held <- code
	}()
	caddytest.Eventually(t, func() string { // the first announcements may come before the question
		r.load(t)
		select {
		case code := <-held:
			if code != http.StatusConflict {
				t.Errorf("a server that is replaced answers %d", code)
			}
			return ""
		default:
			return "a server that is replaced still holds a question"
		}
	})
}
