package purego

import (
	"encoding/json"
	"net/http"
	"os"
	"testing"

	"github.com/doors-dev/doors-caddy/routing"
)

// Both must do the same work, or the comparison would mean nothing. net/http causes one difference:
// it skips some unusable cookies, such as one with half a pair of quotes, as if they were absent.
func TestSameDecisionsAsTheLibrary(t *testing.T) {
	text, err := os.ReadFile("../../tests/vectors/decisions.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Routers []struct {
			Name     string
			Config   json.RawMessage
			Requests []struct {
				Name, Path, Cookies string
				PathBase64          []byte `json:"path_base64"`
				CookiesBase64       []byte `json:"cookies_base64"`
			}
		}
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, v := range vectors.Routers {
		library, err := routing.NewRouter(v.Config)
		if err != nil {
			t.Fatal(err)
		}
		router, err := NewRouter(v.Config)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range v.Requests {
			path, cookies := r.Path+string(r.PathBase64), r.Cookies+string(r.CookiesBase64)
			want, err := library.Decide(path, cookies)
			if err != nil {
				t.Fatal(err)
			}
			got := router.Decide(path, &http.Request{Header: http.Header{"Cookie": {cookies}}})
			if got.Kind == routing.Any && want.Kind == routing.Any {
				got.Reason = want.Reason // no cookie, or an unusable one
			}
			if got != want {
				t.Errorf("%s: %s:\npure Go %+v\nlibrary %+v", v.Name, r.Name, got, want)
			}
			compared++
		}
	}
	if compared < 72 {
		t.Errorf("only %d requests", compared)
	}
}
