package show

import (
	"net/http"
	"strings"
	"testing"
)

// Only clients that ask for HTML get the page.
func TestWaitPage(t *testing.T) {
	for _, test := range []struct {
		accept []string
		want   bool
	}{
		{nil, false}, {[]string{"*/*"}, false}, {[]string{"application/octet-stream"}, false}, {[]string{"text/html;q=0"}, false}, {[]string{"text/html; Q=0.000, */*"}, false},
		{[]string{"text/html"}, true}, {[]string{"image/png", "a/b, TEXT/HTML ;level=1; q=0.1"}, true}, {[]string{"application/xhtml+xml,application/xml;q=0.9"}, true},
	} {
		body := WaitPage(&http.Request{Header: http.Header{"Accept": test.accept}}, 7)
		if (body != "") != test.want || test.want && !strings.Contains(body, `content="7"`) {
			t.Errorf("%q: %q", test.accept, body)
		}
	}
}
