package observe_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// prometheus is a running Prometheus that scrapes one Caddy every second and has our alert rules.
type prometheus struct {
	base string
	t    *testing.T
}

// startPrometheus starts the installed Prometheus until the test ends. target is the address of
// Caddy's metrics.
func startPrometheus(t *testing.T, target string) *prometheus {
	t.Helper()
	folder, port := t.TempDir(), Port(t, "127.0.0.1")
	config := fmt.Sprintf(`{
  "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
  "rule_files": [%q],
  "scrape_configs": [{"job_name": "caddy", "static_configs": [{"targets": [%q]}]}]
}`, filepath.Join(Root(t), "deploy/prometheus/doors-caddy.yml"), target)
	path := filepath.Join(folder, "prometheus.yml") // JSON is YAML
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	listen, output := fmt.Sprintf("127.0.0.1:%d", port), &Output{}
	command := exec.Command("prometheus", "--config.file", path, "--storage.tsdb.path", filepath.Join(folder, "data"), "--web.listen-address", listen)
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatalf("%v: install the Debian package prometheus (scripts/setup.sh e2e)", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait()
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("Prometheus wrote:\n%s", output.Tail(3000))
		}
	})
	p := &prometheus{base: "http://" + listen, t: t}
	Eventually(t, "Prometheus has scraped Caddy", func() bool {
		select {
		case <-ended:
			t.Fatalf("Prometheus has ended:\n%s", output)
		default:
		}
		found, err := p.query("up == 1")
		return err == nil && len(found) == 1
	})
	return p
}

// get calls the HTTP API and decodes the data of the answer.
func (p *prometheus) get(path string, data any) error {
	ctx, cancel := context.WithTimeout(p.t.Context(), Patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "GET", p.base+path, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	envelope := struct{ Data any }{data}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %s", answer.StatusCode, text)
	}
	return json.Unmarshal(text, &envelope)
}

// query evaluates an expression now. It returns the samples that are numbers.
func (p *prometheus) query(expression string) (values []string, err error) {
	var data struct {
		Result []struct {
			Value [2]any
		}
	}
	if err := p.get("/api/v1/query?query="+url.QueryEscape(expression), &data); err != nil {
		return nil, err
	}
	for _, sample := range data.Result {
		if value := fmt.Sprint(sample.Value[1]); value != "NaN" {
			values = append(values, value)
		}
	}
	return values, nil
}

// dashboard is the part of the Grafana file that is tested.
type dashboard struct {
	Panels []struct {
		ID      int
		Title   string
		GridPos struct{ X, Y, W, H int }
		Targets []struct{ RefID, Expr, LegendFormat string }
	}
	Templating struct {
		List []struct{ Name, Type, Definition string }
	}
}

// expressions returns the expressions of the dashboard by position, with its variables filled in.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(Root(t), "deploy/grafana/doors-caddy.json"))
	if err != nil {
		t.Fatal(err)
	}
	var board dashboard
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("$__rate_interval", "10s", "$job", ".*", "$instance", ".*", "$upstream", ".*")
	found, ids := map[string]string{}, map[int]bool{}
	used := map[[2]int]string{} // cells of the grid
	for _, panel := range board.Panels {
		if ids[panel.ID] || panel.Title == "" || len(panel.Targets) == 0 {
			t.Errorf("panel %d (%s) does not have a unique number, or is empty", panel.ID, panel.Title)
		}
		ids[panel.ID] = true
		for x := range panel.GridPos.W {
			for y := range panel.GridPos.H {
				cell := [2]int{panel.GridPos.X + x, panel.GridPos.Y + y}
				if used[cell] != "" || cell[0] >= 24 {
					t.Fatalf("%q lies over %q", panel.Title, used[cell])
				}
				used[cell] = panel.Title
			}
		}
		for _, target := range panel.Targets {
			found[panel.Title+" "+target.RefID] = fill.Replace(target.Expr)
		}
	}
	values := regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)
	for _, variable := range board.Templating.List {
		if variable.Type != "query" {
			continue
		}
		parts := values.FindStringSubmatch(variable.Definition)
		if parts == nil {
			t.Errorf("variable %s: %s", variable.Name, variable.Definition)
			continue
		}
		found["variable "+variable.Name] = fmt.Sprintf(`count by (%s) (%s) and on() vector(1)`, parts[2], fill.Replace(parts[1]))
	}
	if len(found) < 20 {
		t.Errorf("only %d expressions", len(found))
	}
	return found
}

var selector = regexp.MustCompile(`caddy_doors_[a-z_]+(?:\{[^}]*\})?`)

// Every expression of the dashboard and of the alerts has data in a Prometheus that scrapes during
// a rollout.
func TestDashboardAndAlerts(t *testing.T) {
	c := start(t, "", "", nil)
	c.resolve(dead, podA, podB)
	browser, client := c.caddy.NewBrowser(t, H1), c.caddy.NewClient(t, H1)
	c.stream(t, c.caddy.NewBrowser(t, H1).MustLoad("/"))
	running := make(chan struct{})
	stop := make(chan struct{})
	go func() { // produce data; the queries check that it arrives
		defer close(running)
		for {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
			}
			_, _ = browser.Load("/")
			for _, token := range []string{"for+ged", c.Token(nobody), c.Token(podA)} {
				_, _ = client.Try(Request{Path: "/~/" + token + "/h/i/1"})
			}
		}
	}()
	defer func() {
		close(stop)
		<-running
	}()
	p := startPrometheus(t, fmt.Sprintf("127.0.0.1:%d", c.caddy.Places.Admin))

	wanted := expressions(t)
	var rules struct {
		Groups []struct {
			Rules []struct{ Name, Query, Health, LastError string }
		}
	}
	Eventually(t, "the alerts have been evaluated", func() bool {
		if err := p.get("/api/v1/rules", &rules); err != nil {
			t.Fatal(err)
		}
		for _, group := range rules.Groups {
			for _, rule := range group.Rules {
				if rule.Health == "err" {
					t.Fatalf("%s: %s", rule.Name, rule.LastError)
				}
				if rule.Health != "ok" {
					return false
				}
			}
		}
		return len(rules.Groups) > 0
	})
	alerts := 0
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			alerts++
			// An inactive alert has no data, but its input has.
			for number, used := range selector.FindAllString(rule.Query, -1) {
				wanted[fmt.Sprintf("alert %s, selector %d", rule.Name, number)] = used
			}
		}
	}
	if alerts < 5 {
		t.Errorf("only %d alerts", alerts)
	}

	// The panels show what is happening.
	for _, shown := range []string{
		`sum(rate(caddy_doors_gone_total{reason="token_malformed"}[10s])) > 0`, `sum(rate(caddy_doors_gone_total{reason="pod_gone"}[10s])) > 0`,
		`sum(rate(caddy_doors_tokens_opened_total{from="path"}[10s])) > 0`, `sum(rate(caddy_doors_tokens_opened_total{from="cookie"}[10s])) > 0`,
		`max_over_time(sum(caddy_doors_streams)[1m:1s]) == 1`, `sum(caddy_doors_dial_failures_total) > 0`, `sum(caddy_doors_pods{state="fresh"}) >= 2`,
	} {
		wanted["what happens, "+shown] = shown
	}

	// The checks above would notice a metric that Caddy does not have.
	if values, err := p.query("sum(rate(caddy_doors_nonsense_total[10s]))"); err != nil || len(values) > 0 {
		t.Errorf("a metric that does not exist has the values %v, %v", values, err)
	}
	missing := wanted
	limit := time.Now().Add(Patience)
	for len(missing) > 0 && time.Now().Before(limit) {
		time.Sleep(500 * time.Millisecond)
		still := map[string]string{}
		for place, expression := range missing {
			values, err := p.query(expression)
			if err != nil {
				t.Fatalf("%s: %s: %v", place, expression, err)
			}
			if len(values) == 0 {
				still[place] = expression
			}
		}
		missing = still
	}
	for place, expression := range missing {
		t.Errorf("%s has no data: %s", place, expression)
	}
	t.Logf("%d expressions, %d alerts", len(wanted), alerts)
}

// The alerts fire when they should and not otherwise, according to their own tests.
func TestAlertRules(t *testing.T) {
	folder := filepath.Join(Root(t), "deploy/prometheus")
	for _, arguments := range [][]string{{"check", "rules", "doors-caddy.yml"}, {"test", "rules", "doors-caddy_test.yml"}} {
		command := exec.Command("promtool", arguments...)
		command.Dir = folder
		if output, err := command.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(arguments, " "), err, output)
		}
	}
	// Every alert has a test for both cases.
	rules, err := os.ReadFile(filepath.Join(folder, "doors-caddy.yml"))
	if err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile(filepath.Join(folder, "doors-caddy_test.yml"))
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`- alert: (\w+)`).FindAllSubmatch(rules, -1)
	for _, name := range names {
		silent := regexp.MustCompile(`alertname: ` + string(name[1]) + `\}`).Match(tests)
		fires := regexp.MustCompile(`alertname: ` + string(name[1]) + `\n\s+exp_alerts`).Match(tests)
		if !silent || !fires {
			t.Errorf("%s: tested silent %v, firing %v", name[1], silent, fires)
		}
	}
	if len(names) < 5 {
		t.Errorf("%d alerts", len(names))
	}
}
