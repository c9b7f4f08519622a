// Tests of the table of options and the text about them: Caddy has exactly these options, with these
// defaults.

package readme

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// configuration is the page with the table of options.
const configuration = "docs/configuration.md"

// option is a row of the table.
type option struct {
	name    string   // in a Caddyfile
	members []string // in JSON
	value   string   // the default, if it can be written
}

func options(t *testing.T, d document) (found []option) {
	t.Helper()
	row := regexp.MustCompile("^\\| `([a-z_]+) [^`]*` \\| (`[a-z_`, ]+`) \\|.*\\| (?:`([^`|]+)`|[^|]+) \\|$")
	inside := false
	for line := range strings.Lines(d.prose) {
		inside = strings.HasPrefix(line, "| Caddyfile | JSON |") || inside && strings.HasPrefix(line, "|")
		if !inside || !strings.HasPrefix(line, "| `") {
			continue
		}
		columns := row.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if columns == nil {
			t.Errorf("this row of the table has not four columns:\n%s", line)
			continue
		}
		found = append(found, option{columns[1], strings.Split(strings.Trim(columns[2], "`"), "`, `"), columns[3]})
	}
	return found
}

// withOptions returns the first sample with further options.
func withOptions(t *testing.T, d document, secret, options string) string {
	t.Helper()
	return replaceOnce(t, fill(t, d.first(t, "caddyfile").text, secret), "cookie_name upstream\n", "cookie_name upstream\n"+options+"\n")
}

var allowed = regexp.MustCompile(`options are: ([a-z_, ]+), at`)

var allowedMembers = regexp.MustCompile(`the members are: ([a-z_, ]+)`)

func TestOptions(t *testing.T) {
	d, secret := read(t, configuration), harness.NewSecret(32)

	// The table lists exactly the options that Caddy's errors list, at both levels.
	var known, listed []string
	for _, mistake := range []string{"nonsense 1", "upstream {\nnonsense 1\n}"} {
		_, messages, ok := harness.Adapt(t, harness.Default, withOptions(t, d, secret, mistake))
		names := allowed.FindStringSubmatch(messages)
		if ok || names == nil {
			t.Fatalf("the message does not list the options:\n%s", messages)
		}
		known = append(known, strings.Split(names[1], ", ")...)
	}
	var caddyfile, members strings.Builder
	table := options(t, d)
	values := 0
	var listedMembers []string
	for _, o := range table {
		listed = append(listed, o.name)
		listedMembers = append(listedMembers, o.members...)
		if o.value == "" {
			continue
		}
		values++
		fmt.Fprintln(&caddyfile, o.name, o.value)
		value := o.value
		if !regexp.MustCompile(`^\d+$`).MatchString(value) {
			value = fmt.Sprintf("%q", value)
		}
		fmt.Fprintf(&members, ", %q: %s", o.members[0], value)
	}
	slices.Sort(known)
	slices.Sort(listed)
	if !slices.Equal(known, listed) {
		t.Errorf("the tables list  %q\nCaddy allows     %q", listed, known)
	}
	if values < 10 {
		t.Errorf("the table has only %d defaults", values)
	}

	// The defaults, and the values in the text, in both spellings.
	text := withOptions(t, d, secret, caddyfile.String()+"resolvers 10.96.0.10:53 tcp/10.96.0.10:53\nversions ipv4")
	mustValidate(t, "Caddyfile", text)
	adapted := mustAdapt(t, text)
	for _, shown := range []string{"`10.96.0.10:53` or `tcp/10.96.0.10:53`", "`\"resolver\": {\"addresses\": [...]}`", "`\"versions\": {\"ipv4\": true}`"} {
		if !strings.Contains(d.prose, shown) {
			t.Errorf("the text does not say %s", shown)
		}
	}
	sample := fill(t, d.first(t, "json").text, secret)
	handler := replaceOnce(t, sample, `"cookie_name": "upstream"`, `"cookie_name": "upstream"`+members.String()+
		`, "resolver": {"addresses": ["10.96.0.10:53", "tcp/10.96.0.10:53"]}, "versions": {"ipv4": true}`)
	mustValidate(t, "caddy.json", server(handler))
	// The second column lists exactly the members of a source, those of an upstream, and "source".
	knownMembers := []string{"cidr", "cidrs", "host", "hosts", "port"}
	messages, ok := validate(t, "caddy.json", server(replaceOnce(t, sample, `"cookie_name"`, `"nonsense": 1, "cookie_name"`)))
	names := allowedMembers.FindStringSubmatch(messages)
	if ok || names == nil {
		t.Fatalf("the message does not list the members:\n%s", messages)
	}
	for _, name := range strings.Split(strings.TrimSpace(names[1]), ", ") {
		if name != "source" {
			knownMembers = append(knownMembers, name)
		}
	}
	slices.Sort(knownMembers)
	slices.Sort(listedMembers)
	if !slices.Equal(knownMembers, listedMembers) {
		t.Errorf("the table lists  %q\nCaddy allows     %q", listedMembers, knownMembers)
	}
	if names, ours := memberNames(t, handler), memberNames(t, adapted); !slices.Equal(names, ours) {
		t.Errorf("the JSON has the members %q, the adapted Caddyfile %q", names, ours)
	}
}

// Exactly the options that are documented to take placeholders do so.
func TestPlaceholders(t *testing.T) {
	d := read(t, configuration)
	_, after, _ := strings.Cut(d.prose, "These options take global placeholders: ")
	sentence, _, found := strings.Cut(after, ".\n")
	if !found {
		t.Fatal("the text does not say which options take placeholders")
	}
	words := regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(sentence, -1)
	for _, o := range options(t, d) {
		if o.name == "upstream" {
			continue
		}
		said := slices.ContainsFunc(words, func(word []string) bool { return word[1] == o.name })
		source := map[string]string{"secret": "{env.A}", "pod_cidr": "10.0.0.0/24", "host": "a", "upstream_port": "80"}
		source[o.name] = "{env.X}"
		var top, upstream strings.Builder
		for name, value := range source {
			if slices.Contains([]string{"pod_cidr", "host", "upstream_port"}, name) {
				fmt.Fprintln(&upstream, name, value)
			} else {
				fmt.Fprintln(&top, name, value)
			}
		}
		_, messages, takes := harness.Adapt(t, harness.Default, ":80 {\nreverse_proxy {\ndynamic_upstreams doors_upstream {\n"+top.String()+"upstream {\n"+upstream.String()+"}\n}\n}\n}\n")
		if takes != said {
			t.Errorf("%s takes a placeholder: %t, and the text says %t\n%s", o.name, takes, said, messages)
		}
	}
}

// memberNames returns the names of the members of the source, in order.
func memberNames(t *testing.T, config string) (names []string) {
	t.Helper()
	var value any
	check(t, json.Unmarshal([]byte(config), &value))
	for _, handler := range find(value, "reverse_proxy") {
		for _, key := range []string{"upstreams", "dynamic_upstreams"} {
			source, _ := handler.(map[string]any)[key].(map[string]any)
			for name := range source {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// testGracePeriod checks that Caddy does not warn about the documented value, but does about a smaller
// one.
func testGracePeriod(t *testing.T, text string) {
	const warning = "conflicts with Doors pages"
	site := fill(t, read(t, configuration).first(t, "caddyfile").text, harness.NewSecret(32))
	messages, ok := validate(t, "Caddyfile", text+site)
	if !ok || strings.Contains(messages, warning) {
		t.Errorf("accepted %v:\n%s", ok, messages)
	}
	messages, ok = validate(t, "Caddyfile", replaceOnce(t, text, "grace_period 30s", "grace_period 24s")+site)
	if !ok || !strings.Contains(messages, warning) || !strings.Contains(messages, `"grace_period"`) {
		t.Errorf("accepted %v, without a warning:\n%s", ok, messages)
	}
}
