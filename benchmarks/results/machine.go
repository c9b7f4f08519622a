package results

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/doors-dev/doors-caddy/benchmarks/contenders"
)

// Machine is the machine and the versions with which the figures were taken.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"`
	Rust   string `json:"rust"`
	Go     string `json:"go"`
	Caddy  string `json:"caddy"` // of both binaries
}

// ThisMachine describes this machine. Binaries with different versions of Caddy are an error.
func ThisMachine(binaries contenders.Binaries) (Machine, error) {
	m := Machine{Cores: runtime.NumCPU(), Go: strings.TrimPrefix(runtime.Version(), "go")}
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return m, err
	}
	for lines := bufio.NewScanner(bytes.NewReader(info)); lines.Scan() && m.CPU == ""; {
		if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
			m.CPU = strings.TrimSpace(value)
		}
	}
	if m.CPU == "" {
		m.CPU = runtime.GOARCH // not every processor has a name
	}
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return m, err
	}
	m.Kernel = "Linux " + strings.TrimSpace(string(release))
	rust, err := word(1, "rustc", "--version")
	if err != nil {
		return m, err
	}
	m.Rust = rust
	if m.Caddy, err = word(0, binaries.Ours, "version"); err != nil {
		return m, err
	}
	stock, err := word(0, binaries.Stock, "version")
	if err == nil && stock != m.Caddy {
		err = fmt.Errorf("%s is Caddy %s, %s is %s: they must be the same version", binaries.Ours, m.Caddy, binaries.Stock, stock)
	}
	return m, err
}

// word returns one word of a command's output.
func word(number int, command string, arguments ...string) (string, error) {
	text, err := exec.Command(command, arguments...).Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", command, err)
	}
	words := strings.Fields(string(text))
	if len(words) <= number {
		return "", fmt.Errorf("%s prints no version: %q", command, text)
	}
	return words[number], nil
}
