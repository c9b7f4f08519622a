package inspect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/doors-dev/doors-caddy/caddy/internal/command/cli"
	"github.com/doors-dev/doors-caddy/caddy/internal/command/keys"
	"github.com/doors-dev/doors-caddy/routing"
	"github.com/spf13/cobra"
)

func explain(module Module) *cobra.Command {
	cmd := takesConfig(cli.Subcommand("explain --path <path> [--cookie <cookies>] [--config <path> [--adapter <name>]] [--source <number>] [--json]",
		"Explains where a request goes, and why", `
Reads the configuration and says, step by step, what its doors_upstream sources
would do with a request: which key opens the token, which address is in it, which
upstream has that address, and what the proxy does then. The command makes no
lookups and no connections.

--path takes a path or a whole URL, as from an access log. --cookie takes
the value of a Cookie header and may be repeated. Tokens, cookies and secrets are
not repeated in the output.

Each source is numbered from 0 and explained as if the request reached it, because
Caddy's own routes decide which one it reaches. --source selects one.
`, `
caddy doors explain --path /
caddy doors explain --path "/~/$token/s/1" --cookie "upstream=$token" --config Caddyfile
`, cli.Arguments(0), func(cmd *cobra.Command, _ []string) error { return runExplain(cmd, module) }))
	cmd.Flags().String("path", "", "Path or URL of the request")
	cmd.Flags().StringArray("cookie", nil, "Value of the request's Cookie header")
	cmd.Flags().Int("source", -1, "Number of the one source to ask (default: all)")
	cmd.Flags().Bool("json", false, "Print JSON")
	return cmd
}

func runExplain(cmd *cobra.Command, module Module) error {
	flags := cmd.Flags()
	path, _ := flags.GetString("path")
	cookies, _ := flags.GetStringArray("cookie")
	number, _ := flags.GetInt("source")
	asJSON, _ := flags.GetBool("json")
	path, err := requestPath(path)
	if err != nil {
		return err
	}
	config, _, err := readConfig(cmd)
	if err != nil {
		return err
	}
	sources, err := module.Sources(config)
	if err != nil {
		return err
	}
	if len(sources) == 0 {
		return errNoSource
	}
	if flags.Changed("source") && (number < 0 || number >= len(sources)) {
		return fmt.Errorf("--source %d: write a number from 0 to %d", number, len(sources)-1)
	}
	explanations := []Explanation{}
	for i := range sources {
		if flags.Changed("source") && i != number {
			continue
		}
		decision, err := sources[i].Router.Decide(path, strings.Join(cookies, "; "))
		if err != nil {
			return fmt.Errorf("source %d: %w", i, err)
		}
		explanation, err := explanationOf(&sources[i], i, decision)
		if err != nil {
			return err
		}
		explanations = append(explanations, explanation)
	}
	if asJSON {
		encoder := json.NewEncoder(cmd.OutOrStdout())
		encoder.SetIndent("", "  ")
		return encoder.Encode(explanations)
	}
	return printExplanations(cmd.OutOrStdout(), explanations)
}

// requestPath returns the escaped path of a URL or request target. Its errors do not show the path,
// which may contain a token.
func requestPath(text string) (string, error) {
	if text == "" {
		return "", errors.New("--path is required; write a path such as /, or a URL")
	}
	parsed, err := url.ParseRequestURI(text)
	switch {
	case err != nil, parsed.Opaque != "", parsed.Path == "" && parsed.Host == "":
		return "", errors.New("--path must be a path that begins with /, or a URL")
	case parsed.Path == "":
		return "/", nil
	}
	return parsed.EscapedPath(), nil
}

func printExplanations(out io.Writer, explanations []Explanation) error {
	for i, explanation := range explanations {
		if i > 0 {
			if _, err := fmt.Fprintln(out); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintf(out, "source %d, %s\n", explanation.Source, explanation.Place); err != nil {
			return err
		}
		for step, text := range explanation.Steps {
			if _, err := fmt.Fprintf(out, "  %d. %s\n", step+1, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// Explanation says what a source would do with a request. Its JSON is a stable interface: members
// may be added but do not change.
type Explanation struct {
	// Source is the index of the source in the configuration, and Place its path in the JSON.
	Source int    `json:"source"`
	Place  string `json:"place"`

	// Path is the kind of path: page, sync, hook, history, resource or other.
	Path string `json:"path"`
	// Decision is pod, gone, upstream or any. Reason says why.
	Decision string `json:"decision"`
	Reason   string `json:"reason"`

	// Key is the index of the key that opened the token or cookie, and KeyID its identifier. Absent
	// if no key did.
	Key   *int   `json:"key,omitempty"`
	KeyID string `json:"key_id,omitempty"`
	// Address is the address in the token or cookie. Absent if none was opened.
	Address netip.Addr `json:"address,omitzero"`

	// Upstream is the index of the upstream, and Host its hosts, separated by spaces. Absent if
	// there is no single upstream.
	Upstream *int   `json:"upstream,omitempty"`
	Host     string `json:"host,omitempty"`
	// CIDR is the network of the upstream that contains Address.
	CIDR string `json:"cidr,omitempty"`
	// Dial is the address and port that the proxy dials. Absent if it chooses among fresh pods or
	// dials none.
	Dial string `json:"dial,omitempty"`
	// Status is the status of Caddy's own answer. Absent if a pod answers.
	Status int `json:"status,omitempty"`

	// Steps explain the decision in words.
	Steps []string `json:"steps"`
}

// explanationOf returns the explanation of a decision.
func explanationOf(source *Source, number int, decision routing.Decision) (Explanation, error) {
	e := Explanation{
		Source: number, Place: source.Place,
		Path: decision.Path.String(), Decision: decision.Kind.String(), Reason: decision.Reason.String(),
		Address: decision.Addr,
	}
	if decision.Key >= 0 {
		e.Key, e.KeyID = &decision.Key, source.Router.KeyIDs()[decision.Key]
	}
	e.say("%s", pathWords[decision.Path])
	if decision.Upstream >= 0 {
		e.Upstream, e.Host = &decision.Upstream, strings.Join(source.Upstreams[decision.Upstream].Hosts, " ")
		if decision.Addr.IsValid() {
			cidr, err := source.Upstreams[decision.Upstream].cidrOf(decision.Addr)
			if err != nil {
				return e, err
			}
			e.CIDR = cidr
		}
	}
	switch decision.Kind {
	case routing.Pod:
		e.explainPod(source, decision)
	case routing.Gone:
		e.explainGone(source, decision)
	default:
		e.explainFresh(source, decision)
	}
	return e, nil
}

func (e *Explanation) say(format string, values ...any) {
	e.Steps = append(e.Steps, fmt.Sprintf(format, values...))
}

var pathWords = map[routing.Path]string{
	routing.PathPage:     "The path has no token: a normal request.",
	routing.PathSync:     "The path has a token: a request of an open page (/s/, its updates or reports).",
	routing.PathHook:     "The path has a token: a request of an open page (/h/, a hook).",
	routing.PathHistory:  "The path has a token: a request of an open page (/u/, back or forward).",
	routing.PathResource: "The path has a token: a request of an open page (/r/, a script or style sheet).",
	routing.PathOther:    "The path has a token but is not one that pages request.",
}

func (e *Explanation) explainPod(source *Source, decision routing.Decision) {
	upstream := source.Upstreams[decision.Upstream]
	e.Dial = net.JoinHostPort(decision.Addr.String(), strconv.Itoa(int(decision.Port)))
	e.say("%s opens the token: the page lives on %s.", capital(e.key(decision)), decision.Addr)
	e.say("%s is in %s of upstreams[%d] (%s).", decision.Addr, e.CIDR, decision.Upstream, upstream.hostport())
	e.say("Decision: pod. The proxy dials %s and no other address, whatever lb_policy says.", e.Dial)
	if decision.Path == routing.PathResource {
		e.say("If that pod is gone, a fresh pod of %s answers a GET or HEAD: all of them have the file.", upstream.hostport())
	} else {
		e.say("If that pod refuses the connection, the answer is 410 and the page reloads. If it is unreachable, the answer is 503 " +
			"until gone_after is over, then 410.")
	}
}

func (e *Explanation) explainGone(source *Source, decision routing.Decision) {
	e.Status = 410
	switch decision.Reason {
	case routing.ReasonRefused:
		e.say("No key opens the token, or it is cut off. This source has %s. Compare with the KeyIDs() of the app.", keyNames(source.Router.KeyIDs()))
	case routing.ReasonNoCIDR:
		e.say("%s opens the token: the page lives on %s.", capital(e.key(decision)), decision.Addr)
		e.say("%s is in no pod_cidr: %s.", decision.Addr, strings.Join(networks(source.Upstreams), " "))
	default:
		e.say("The token is malformed: a token is canonical base64url without padding. Nothing can open it.")
	}
	e.say("Decision: gone. No pod is dialled; the answer is 410 with Cache-Control: no-store, and the page reloads.")
	if decision.Path == routing.PathSync {
		e.say("Above gone_rate a second, further requests get 503 and try again.")
	}
}

// explainFresh explains a request without a token.
func (e *Explanation) explainFresh(source *Source, decision routing.Decision) {
	if decision.Kind == routing.Any {
		if decision.Reason == routing.ReasonNoCookie {
			e.say("There is no cookie %s.", source.CookieName)
		} else {
			e.say("No cookie %s is usable: a key must open it, and its address must be in a pod_cidr.", source.CookieName)
		}
		var all []string
		for _, upstream := range source.Upstreams {
			all = append(all, upstream.hostport())
		}
		e.say("Decision: any. The fresh pods of all upstreams may answer (%s).", strings.Join(all, ", "))
		e.say("The upstreams take turns. %s", capital(fewestPages))
	} else {
		upstream := source.Upstreams[decision.Upstream]
		if decision.Reason == routing.ReasonCookie {
			e.say("%s opens the cookie %s: the browser's last page came from %s.", capital(e.key(decision)), source.CookieName, decision.Addr)
			e.say("%s is in %s of upstreams[%d].", decision.Addr, e.CIDR, decision.Upstream)
			e.say("Decision: upstream. The fresh pods of %s may answer: %s if it is one of them.", upstream.hostport(), decision.Addr)
			e.say("Otherwise %s", fewestPages)
		} else {
			if source.CookieName == "" {
				e.say("cookie_name is not set, so no cookie is read.")
			} else {
				e.say("There is no usable cookie %s.", source.CookieName)
			}
			e.say("Decision: upstream. There is one upstream; the fresh pods of %s may answer.", upstream.hostport())
			e.say("%s", capital(fewestPages))
		}
	}
	e.say("The fresh pods are the addresses that the host resolves to now. A draining or unreachable pod is chosen only if there is no other.")
}

// fewestPages explains how a fresh pod is chosen.
const fewestPages = "of two pods drawn at random the one with fewer pages gets the request. With lb_policy, health checks or a circuit breaker, " +
	"Caddy's load balancing chooses instead."

// key names the key that opened the token or cookie.
func (e *Explanation) key(decision routing.Decision) string {
	if e.Key == nil {
		return "a key"
	}
	return fmt.Sprintf("key %d (%s)", decision.Key, e.KeyID)
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

func keyNames(ids []string) string {
	names := make([]string, len(ids))
	for i := range ids {
		names[i] = keys.Name(i, ids)
	}
	return strings.Join(names, ", ")
}

func networks(upstreams []Upstream) (all []string) {
	for _, upstream := range upstreams {
		all = append(all, upstream.CIDRs...)
	}
	return all
}

// cidrOf returns the network of the upstream that contains the address.
func (s Upstream) cidrOf(address netip.Addr) (string, error) {
	table, err := routing.NewCIDRs(strings.Join(s.CIDRs, " "))
	if err != nil {
		return "", err
	}
	index, ok := table.Lookup(address)
	if !ok || index >= len(s.CIDRs) {
		return "", fmt.Errorf("%s is in none of %s", address, strings.Join(s.CIDRs, " "))
	}
	return s.CIDRs[index], nil
}
