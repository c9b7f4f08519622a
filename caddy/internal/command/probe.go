// In: one pod of an upstream.
// Out: whether the token that it puts into a page leads back to its upstream.

package command

import (
	"context"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"time"

	"github.com/doors-dev/doors-caddy/go"
)

// probePatience limits the fetch of a page.
const probePatience = 15 * time.Second

// probe fetches a page and has the library judge the token in it.
func (r *report) probe(ctx context.Context, name string, source *Loaded, index int, pod netip.Addr) {
	ctx, stop := context.WithTimeout(ctx, probePatience)
	defer stop()
	status, header, body, err := source.Page(ctx, index, pod)
	if err != nil {
		r.say(open, "%s: %s: GET /: %v", name, pod, err)
		return
	}
	place, token := tokenIn(header, body, source.CookieName)
	if token == "" {
		r.say(open, "%s: %s: GET / was answered with status %d and no token: neither a cookie %q nor a path /~/ in the page", name, pod, status, source.CookieName)
		return
	}
	// As a path, because only for a path the library says why a token is refused.
	decision, err := source.Router.Decide("/~/"+token+"/s/", "")
	if err != nil {
		r.say(open, "%s: %s: %v", name, pod, err)
		return
	}
	ids := source.Router.KeyIDs()
	switch {
	case decision.Kind == doors.Gone && decision.Reason == doors.ReasonNoCIDR:
		r.say(bad, "%s: %s says in its %s that its address is %s, which lies in no pod_cidr: its pages will get 410", name, pod, place, decision.Addr)
	case decision.Kind == doors.Gone && decision.Reason == doors.ReasonRefused:
		r.say(bad, "%s: no key opens the token in the %s of %s: the app has another secret than %s", name, place, pod, keyNames(ids))
	case decision.Kind == doors.Gone:
		r.say(bad, "%s: the token in the %s of %s is none: %s", name, place, pod, decision.Reason)
	case decision.Upstream != index:
		r.say(bad, "%s: %s says in its %s that its address is %s, which lies in a pod_cidr of upstreams[%d]", name, pod, place, decision.Addr, decision.Upstream)
	default:
		r.say(fine, "%s: %s opens the token in the %s of %s: address %s", name, keyName(decision.Key, ids), place, pod, decision.Addr)
	}
}

// inPage finds the text after /~/ in a page, up to what cannot be part of a path's segment in HTML.
var inPage = regexp.MustCompile(`/~/([^/"'<>?#&\s\\]+)`)

// tokenIn finds a token where a Doors page has one, and says where it was.
func tokenIn(header http.Header, body []byte, cookieName string) (place, token string) {
	cookies := (&http.Response{Header: header}).Cookies()
	if i := slices.IndexFunc(cookies, func(c *http.Cookie) bool { return c.Name == cookieName }); i >= 0 && cookieName != "" {
		return "cookie", cookies[i].Value
	}
	if found := inPage.FindSubmatch(body); found != nil {
		return "page", string(found[1])
	}
	return "", ""
}
