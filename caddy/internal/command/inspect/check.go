package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
	"github.com/doors-dev/doors-caddy/caddy/internal/command/keys"
	"github.com/doors-dev/doors-caddy/caddy/internal/dns"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/status"
	"github.com/doors-dev/doors-caddy/routing"
	"github.com/spf13/cobra"
)

func check(module Module) *cobra.Command {
	cmd := takesConfig(cli.Subcommand("check [--config <path> [--adapter <name>]] [--probe]", "Checks a configuration against its pods", `
Loads the configuration as 'caddy validate' does, lists what the module warns
about, resolves the host of each upstream and connects to each address. Nothing is
served meanwhile, and the configuration's own logs are not opened.

With --probe it also fetches / from one pod of each upstream, opens the token in
the answer's cookie or page with the configured keys, and checks that its address
lies in that upstream's networks and that the cookie has the configured name. A
probe is a visit: it makes a session and a page in the app, which live until they
time out.

Each line of the output begins with ok, notice, warning, FINDING or UNTESTED. Exits
with 1 if there is a finding, or else with 2 if something could not be tested. Notices
and warnings do not change the exit code.
`, `
caddy doors check
caddy doors check --probe --config /etc/caddy/Caddyfile
`, cli.Arguments(0), func(cmd *cobra.Command, _ []string) error { return runCheck(cmd, module) }))
	cmd.Flags().Bool("probe", false, "Fetch a page from one pod of each upstream (makes a session in the app)")
	return cmd
}

func runCheck(cmd *cobra.Command, module Module) error {
	probes, err := cmd.Flags().GetBool("probe")
	if err != nil {
		return err
	}
	config, name, err := readConfig(cmd)
	if err != nil {
		return err
	}
	r := &report{out: cmd.OutOrStdout()}
	sources, err := module.Load(config)
	switch {
	case err != nil:
		r.say(bad, "%s: %v", name, err)
	case len(sources) == 0:
		return errNoSource
	default:
		r.say(fine, "%s loads", name)
	}
	for i := range sources {
		r.checkSource(cmd.Context(), i, &sources[i], probes)
	}
	return r.end()
}

// grade is the result of one check.
type grade string

const (
	fine    grade = "ok      "
	notice  grade = "notice  "
	warning grade = "warning "
	bad     grade = "FINDING "
	open    grade = "UNTESTED" // could not be tested
)

// report prints findings and counts them.
type report struct {
	out           io.Writer
	findings, not int
	failed        error // of the output
}

func (r *report) say(grade grade, format string, values ...any) {
	switch grade {
	case bad:
		r.findings++
	case open:
		r.not++
	}
	if _, err := fmt.Fprintf(r.out, string(grade)+" "+format+"\n", values...); err != nil && r.failed == nil {
		r.failed = err
	}
}

// end returns the error of the command.
func (r *report) end() error {
	switch {
	case r.failed != nil:
		return r.failed
	case r.findings > 0:
		return cli.No("%s", status.Count(r.findings, "finding"))
	case r.not > 0:
		return fmt.Errorf("%s could not be tested", status.Count(r.not, "item"))
	}
	return nil
}

func (r *report) checkSource(ctx context.Context, number int, source *Loaded, probes bool) {
	r.say(fine, "source %d, %s: %s", number, source.Place, keyNames(source.Router.KeyIDs()))
	for _, text := range source.Notices {
		r.say(notice, "source %d: %s", number, text)
	}
	for _, text := range source.Warnings {
		r.say(warning, "source %d: %s", number, text)
	}
	for i := range source.Upstreams {
		r.checkUpstream(ctx, fmt.Sprintf("source %d, upstreams[%d]", number, i), source, i, probes)
	}
}

// resolvePatience limits the lookup of a host. A name server that does not answer for one search
// domain takes 5 s of it.
const resolvePatience = 12 * time.Second

func (r *report) checkUpstream(ctx context.Context, name string, source *Loaded, index int, probes bool) {
	var reached []netip.Addr
	var idle []error
	for _, host := range source.Upstreams[index].Hosts {
		pods, refused := r.checkHost(ctx, name, source, index, host)
		reached, idle = append(reached, pods...), append(idle, refused...)
	}
	for _, refused := range idle {
		// Of several configured addresses one may be free for the next version.
		if len(reached) > 0 {
			r.say(notice, "%s: %v: no version of the app runs there now", name, refused)
		} else {
			r.say(bad, "%s: %v%s", name, refused, dialAdvice(refused))
		}
	}
	switch {
	case !probes:
	case len(reached) == 0:
		r.say(open, "%s: no pod to probe", name)
	default:
		r.probe(ctx, name, source, index, reached[0])
	}
}

// checkHost checks a host and its pods. It returns the pods that accept connections. If the host is an
// address that refuses the connection, it returns that error instead of reporting it.
func (r *report) checkHost(ctx context.Context, name string, source *Loaded, index int, host string) (reached []netip.Addr, refused []error) {
	port := source.Upstreams[index].Port
	resolving, stop := context.WithTimeout(ctx, resolvePatience)
	defer stop()
	addresses, err := source.Resolve(resolving, host)
	var failure *dns.Failure
	switch {
	case errors.As(err, &failure) && failure.Kind == routing.LookupNotFound:
		r.say(bad, "%s: host %s has no address; check its spelling, and that pods are ready", name, host)
		return nil, nil
	case err != nil:
		r.say(open, "%s: host %s: %v", name, host, err)
		return nil, nil
	}
	failures := dialAll(ctx, source.DialTimeout, port, addresses)
	for i, address := range addresses {
		switch holder, ok := source.Router.Lookup(address); {
		case !ok:
			r.say(bad, "%s: host %s resolves to %s, which is in no pod_cidr: its pages will get 410; add its network", name, host, address)
		case holder != index:
			r.say(bad, "%s: host %s resolves to %s, which is in a pod_cidr of upstreams[%d]; move the host or the network to the other upstream", name, host, address, holder)
		}
		if _, err := netip.ParseAddr(host); err == nil && errors.Is(failures[i], syscall.ECONNREFUSED) {
			refused = append(refused, fmt.Errorf("%s: %w", host, failures[i]))
			continue
		}
		if failures[i] != nil {
			r.say(bad, "%s: %s: %v%s", name, host, failures[i], dialAdvice(failures[i]))
			continue
		}
		r.say(fine, "%s: %s: %s accepts connections", name, host, net.JoinHostPort(address.String(), strconv.Itoa(int(port))))
		reached = append(reached, address)
	}
	return reached, refused
}

// dialAdvice says what to check after a failed dial, or "" if the error says enough.
func dialAdvice(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "; check that the app runs, and listens on this address and port"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.As(err, &timeout) && timeout.Timeout():
		return "; check the address, the route to it, firewalls and network policies"
	}
	return ""
}

// maxDials is the number of concurrent dials.
const maxDials = 16

// dialAll connects to all addresses and returns the error of each.
func dialAll(ctx context.Context, timeout time.Duration, port uint16, addresses []netip.Addr) []error {
	dialer := net.Dialer{Timeout: timeout}
	failures := make([]error, len(addresses))
	places := make(chan struct{}, maxDials)
	var dialling sync.WaitGroup
	for i, address := range addresses {
		dialling.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			connection, err := dialer.DialContext(ctx, "tcp", netip.AddrPortFrom(address, port).String())
			if err != nil {
				failures[i] = err
				return
			}
			_ = connection.Close()
		})
	}
	dialling.Wait()
	return failures
}

// probePatience limits the fetch of a page.
const probePatience = 15 * time.Second

// probe fetches a page and checks the token in it with the library.
func (r *report) probe(ctx context.Context, name string, source *Loaded, index int, pod netip.Addr) {
	ctx, stop := context.WithTimeout(ctx, probePatience)
	defer stop()
	status, header, body, err := source.Page(ctx, index, pod)
	if err != nil {
		r.say(open, "%s: %s: GET /: %v", name, pod, err)
		return
	}
	place, token := tokenIn(header, body, source.CookieName)
	if token != "" || stickyCookie(header, token, source) != "" {
		r.checkCookie(name, source, pod, header, token)
	}
	if token == "" {
		r.say(open, "%s: %s: GET / was answered with status %d and without a token: no cookie %q, and no path /~/ in the page", name, pod, status, source.CookieName)
		return
	}
	// As a path: only for a path does the library say why it rejects a token.
	decision, err := source.Router.Decide("/~/"+token+"/s/", "")
	if err != nil {
		r.say(open, "%s: %s: %v", name, pod, err)
		return
	}
	ids := source.Router.KeyIDs()
	switch {
	case decision.Kind == routing.Gone && decision.Reason == routing.ReasonNoCIDR:
		r.say(bad, "%s: the token in the %s of %s has the address %s, which is in no pod_cidr: its pages will get 410; check POD_IP of the app, and pod_cidr", name, place, pod, decision.Addr)
	case decision.Kind == routing.Gone && decision.Reason == routing.ReasonRefused:
		r.say(bad, "%s: no key opens the token in the %s of %s: the app has a secret other than %s", name, place, pod, keyNames(ids))
	case decision.Kind == routing.Gone:
		r.say(bad, "%s: the token in the %s of %s is invalid (%s)", name, place, pod, decision.Reason)
	case decision.Upstream != index:
		r.say(bad, "%s: the token in the %s of %s has the address %s, which is in a pod_cidr of upstreams[%d]", name, place, pod, decision.Addr, decision.Upstream)
	default:
		r.say(fine, "%s: %s opens the token in the %s of %s: address %s", name, keys.Name(decision.Key, ids), place, pod, decision.Addr)
	}
}

// checkCookie checks that the app sets the configured cookie to its token. Otherwise a browser's
// next page may come from a pod that does not have its session.
func (r *report) checkCookie(name string, source *Loaded, pod netip.Addr, header http.Header, token string) {
	switch found := stickyCookie(header, token, source); {
	case source.CookieName == "" || found == source.CookieName:
	case found == "":
		r.say(bad, "%s: %s sets no cookie %q, which keeps browsers on their pod; the app must use doors.WithIDCookie(%[3]q), unless it is draining", name, pod, source.CookieName)
	default:
		r.say(bad, "%s: %s keeps its token in the cookie %q, and cookie_name is %q; use the same name in both", name, pod, found, source.CookieName)
	}
}

// stickyCookie returns the name of the cookie in which an app keeps its token: the configured
// cookie if the app sets it, else one with the token of the page, else any with a token that a key
// opens. It returns "" if there is none.
func stickyCookie(header http.Header, token string, source *Loaded) (name string) {
	for _, cookie := range (&http.Response{Header: header}).Cookies() {
		if cookie.Name == source.CookieName {
			return cookie.Name
		}
		decision, err := source.Router.Decide("/~/"+cookie.Value+"/s/", "")
		if err == nil && decision.Key >= 0 || cookie.Value == token && token != "" {
			name = cookie.Name
		}
	}
	return name
}

// inPage matches what follows /~/ in a page, up to the first character that cannot be part of a
// path segment in HTML.
var inPage = regexp.MustCompile(`/~/([^/"'<>?#&\s\\]+)`)

// tokenIn finds the token in a Doors page, and says where it was.
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
