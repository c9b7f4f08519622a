// Tests of the quick starts of README.md. Each is typed into one shell, as a reader would.

package readme

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// quickStarts are the sections of README.md whose commands are run here.
var quickStarts = []string{"One machine", "Docker", "Kubernetes", "Check that it works"}

// session is a shell in an empty folder, with the stand-ins at the front of PATH.
type session struct {
	t      *testing.T
	stdin  io.WriteCloser
	output *harness.Output
	folder string
	ports  map[string]int // by the port in the documents
	steps  int
	ended  chan error
}

func newSession(t *testing.T) *session {
	t.Helper()
	s := &session{t: t, output: new(harness.Output), folder: t.TempDir(), ports: map[string]int{
		"8080": harness.Port(t, "127.0.1.1", "127.0.1.2"), "8000": harness.Port(t, "127.0.0.1"), "2020": harness.Port(t, "127.0.0.1"),
	}}
	root, home := harness.Root(t), t.TempDir()
	standIns, err := filepath.Glob(filepath.Join(root, "tests/e2e/readme/standins/*.sh"))
	check(t, err)
	for _, path := range standIns {
		check(t, os.Symlink(path, filepath.Join(home, strings.TrimSuffix(filepath.Base(path), ".sh"))))
	}
	command := exec.Command("bash", "-euo", "pipefail")
	command.Dir = s.folder
	command.Env = append(os.Environ(), moduleProxy(t)...)
	command.Env = append(command.Env, "GOCACHE="+strings.TrimSpace(run(t, root, nil, "go", "env", "GOCACHE")), "PATH="+home+":"+os.Getenv("PATH"), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home,
		"ROOT="+root, "CADDY="+harness.Default.Path(t), "BUILT="+write(t, home, "built", "", 0o600),
		fmt.Sprintf("CADDY_ADMIN=127.0.0.1:%d", harness.Port(t, "127.0.0.1")),
		fmt.Sprintf("APP_PORT=%d", s.ports["8080"]), fmt.Sprintf("SITE_PORT=%d", s.ports["8000"]), fmt.Sprintf("STATUS_PORT=%d", s.ports["2020"]))
	command.Stdout, command.Stderr = s.output, s.output
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	s.stdin, err = command.StdinPipe()
	check(t, err)
	check(t, command.Start())
	// Processes of the shell end with it, and the shell ends with this process.
	fmt.Fprintln(s.stdin, `trap 'trap "" TERM; kill 0' EXIT; trap exit TERM`)
	s.ended = make(chan error, 1)
	go func() { s.ended <- command.Wait() }()
	t.Cleanup(func() { syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }) // the shell and its processes
	return s
}

// do runs commands, and waits until they are done.
func (s *session) do(commands string) {
	s.t.Helper()
	for shown, port := range s.ports {
		commands = strings.ReplaceAll(commands, ":"+shown+"/", fmt.Sprintf(":%d/", port))
	}
	s.steps++
	done := fmt.Sprintf("step %d is done", s.steps)
	fmt.Fprintf(s.stdin, "%s\necho '%s'\n", commands, done)
	for limit := time.Now().Add(5 * time.Minute); !strings.Contains(s.output.String(), done+"\n"); time.Sleep(10 * time.Millisecond) {
		select {
		case err := <-s.ended:
			s.t.Fatalf("%v in\n%s\n%s", err, commands, s.output)
		default:
			if time.Now().After(limit) {
				s.t.Fatalf("these commands do not end:\n%s\n%s", commands, s.output)
			}
		}
	}
}

// get requests a path of the site without a cookie.
func (s *session) get(method, path string) (answer *http.Response, body string) {
	s.t.Helper()
	request, err := http.NewRequest(method, fmt.Sprintf("http://localhost:%d%s", s.ports["8000"], path), nil)
	check(s.t, err)
	if answer, err = http.DefaultClient.Do(request); err != nil {
		return nil, ""
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	check(s.t, err)
	return answer, string(text)
}

func TestQuickStartOnOneMachine(t *testing.T) {
	readme := read(t, "README.md")
	steps := readme.blocksIn("One machine", "sh")
	checks := readme.blocksIn("Check that it works", "sh")
	if len(steps) != 2 || len(checks) != 1 {
		t.Fatalf("%d and %d blocks of commands", len(steps), len(checks))
	}
	s := newSession(t)
	s.do(steps[0].text)
	defer func() { s.do("bin/caddy stop") }()
	pages := map[string]int{} // by pod
	load := func() (token, pod string) {
		page, body := s.get("GET", "/")
		if page == nil || page.StatusCode != http.StatusOK || !strings.HasSuffix(body, "<button>Click0") || len(page.Cookies()) != 1 {
			return "", body
		}
		token = page.Cookies()[0].Value
		command := exec.Command(harness.Default.Path(t), "doors", "decode", token)
		command.Env = append(os.Environ(), "DOORS_SECRET="+s.secret())
		text, err := command.Output()
		check(t, err)
		pod, _, _ = strings.Cut(string(text), " ")
		pages[pod]++
		return token, pod
	}
	var token string
	harness.Eventually(t, "a page of the first process", func() (ok bool) {
		var pod string
		token, pod = load()
		return pod == "127.0.1.1"
	})
	s.do(checks[0].text) // the second address is free
	s.do(steps[1].text)
	harness.Eventually(t, "a page of the second process", func() bool { _, pod := load(); return pod == "127.0.1.2" })
	// The first pod's pages are still served there: those loaded above, and that of the probe. The pod
	// ends with the last one.
	for range pages["127.0.1.1"] + 1 {
		last, _ := s.get("POST", "/~/"+token+"/h/end")
		if last == nil || last.StatusCode != http.StatusGone || last.Header.Get("Cache-Control") == "no-store" {
			t.Fatalf("the first process does not answer for its page: %v", last)
		}
	}
	s.do(`wait "$old"`)
	s.do(checks[0].text)
}

// secret returns the key that the commands made.
func (s *session) secret() string {
	s.t.Helper()
	path := filepath.Join(s.t.TempDir(), "secret")
	s.do(`printf %s "$DOORS_SECRET" >` + path)
	text, err := os.ReadFile(path)
	check(s.t, err)
	return string(text)
}

// Commands that need containers or a cluster run with stand-ins. tests/deploy renders the files, and
// tests/e2e/onemachine runs the deployment script.
func TestQuickStartsWithContainers(t *testing.T) {
	readme := read(t, "README.md")
	for _, heading := range []string{"Docker", "Kubernetes"} {
		t.Run(heading, func(t *testing.T) {
			s := newSession(t)
			for _, sample := range readme.blocks {
				switch {
				case sample.heading != heading:
				case sample.language == "yaml":
					write(t, filepath.Join(s.folder, "doors-caddy"), "shop/kustomization.yaml", sample.text, 0o600)
				default:
					s.do(sample.text)
				}
			}
			if s.steps == 0 {
				t.Error("there are no commands")
			}
		})
	}
}
