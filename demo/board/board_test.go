package board

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asPod makes the test program a pod, as its argument does for the demo.
const asPod = "DEMO_TEST_POD"

func TestMain(m *testing.M) {
	if os.Getenv(asPod) == "" {
		os.Exit(m.Run())
	}
	if err := Run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const patience = 30 * time.Second

// process is a pod, and a browser with one of its pages.
type process struct {
	t        *testing.T
	command  *exec.Cmd
	lines    chan Line // closed at the end of the process
	client   *http.Client
	base     string
	prefix   string
	instance string
}

func start(t *testing.T) *process {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	cookies, _ := cookiejar.New(nil)
	p := &process{t: t, lines: make(chan Line, 1000), client: &http.Client{Jar: cookies, Timeout: patience}, base: "http://127.0.0.1:" + port}
	p.command = exec.Command(os.Args[0])
	p.command.Env = append(os.Environ(), asPod+"=1", "DOORS_SECRET=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "POD_IP=127.0.0.1", EnvPort+"="+port, EnvVersion+"=2")
	p.command.Stderr = os.Stderr
	said, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.lines)
		for lines := json.NewDecoder(said); ; {
			var line Line
			if lines.Decode(&line) != nil {
				return
			}
			p.lines <- line
		}
	}()
	t.Cleanup(func() { _ = p.command.Process.Kill() })
	p.hear("ready", func(line Line) bool { return line.Kind == Ready })
	return p
}

// hear waits for a line.
func (p *process) hear(what string, is func(Line) bool) {
	p.t.Helper()
	limit := time.After(patience)
	for {
		select {
		case line, going := <-p.lines:
			if !going {
				p.t.Fatalf("the pod has ended and never said: %s", what)
			}
			if is(line) {
				return
			}
		case <-limit:
			p.t.Fatalf("never said: %s", what)
		}
	}
}

// ends waits for the pod to end without an error.
func (p *process) ends() {
	p.t.Helper()
	for range p.lines {
	}
	if err := p.command.Wait(); err != nil {
		p.t.Error(err)
	}
}

func (p *process) send(method, path, body string) *http.Response {
	p.t.Helper()
	request, err := http.NewRequest(method, p.base+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Sec-Fetch-Dest", "iframe")
	answer, err := p.client.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { answer.Body.Close() })
	return answer
}

// open loads a page and opens its receiver stream.
func (p *process) open() *bufio.Reader {
	p.t.Helper()
	text, err := io.ReadAll(p.send("GET", "/", "").Body)
	found := regexp.MustCompile(`data-prefix="([^"]+)" data-instance="([^"]+)"`).FindStringSubmatch(string(text))
	if err != nil || found == nil || !strings.Contains(string(text), "Version 2") || !strings.Contains(string(text), "--version: #b45309") {
		p.t.Fatalf("%v\n%s", err, text)
	}
	p.prefix, p.instance = found[1], found[2]
	return bufio.NewReader(p.send("GET", p.prefix+"/s/"+p.instance+"?t=1&b=0123456789abcdef", "").Body)
}

// until reads actions until one contains all the given parts.
func (p *process) until(stream *bufio.Reader, parts ...string) {
	p.t.Helper()
search:
	for {
		action, err := stream.ReadString(0xff)
		if err != nil {
			p.t.Fatalf("never seen: %q", parts)
		}
		for _, part := range parts {
			if !strings.Contains(action, part) {
				continue search
			}
		}
		return
	}
}

// A page gets the ticks, its stored note, and the news that the pod is draining. The pod's output
// reports its pages.
func TestBoard(t *testing.T) {
	p := start(t)
	stream := p.open()
	p.hear("a page in a frame", func(line Line) bool { return line.Kind == PageOpened && line.Frame })
	p.hear("one page", func(line Line) bool { return line.Pages == 1 })
	p.until(stream, `"set_list",["ticks"`, "1 page lives in this pod")
	note := p.prefix + "/h/" + p.instance + "/" + hookNote + "?t=7"
	for _, faulty := range []string{"", "7", `"` + strings.Repeat("x", maxNote) + `"`} {
		if answer := p.send("POST", note, faulty); answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%.10q: %s", faulty, answer.Status)
		}
	}
	for _, text := range []string{"<b>", "<b>two"} {
		encoded, _ := json.Marshal(text)
		if answer := p.send("POST", note, string(encoded)); answer.StatusCode != http.StatusOK {
			t.Fatal(answer.Status)
		}
		p.until(stream, `"set_text",["kept",`+string(encoded)+`]`)
	}
	p.until(stream, `"set_text",["changes","2"]`)
	p.until(stream, `"report_hook",[7]`)

	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.until(stream, `"set_text",["notice",`, "A newer version is out.")
	if answer := p.send("POST", p.prefix+"/h/"+p.instance+"/2", ""); answer.StatusCode != http.StatusGone {
		t.Errorf("a link: %s", answer.Status)
	}
	p.hear("a page has moved", func(line Line) bool { return line.Kind == PageMoved })
	p.ends()
}

// The second order ends the pod with its open page.
func TestSecondOrder(t *testing.T) {
	p := start(t)
	stream := p.open()
	for range 2 {
		if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond) // two signals at once may count as one
	}
	_, _ = io.ReadAll(stream) // it may end or break off
	p.ends()
}
