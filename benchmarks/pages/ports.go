package pages

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/doors-dev/doors-caddy/benchmarks/contenders"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/blackhole"
)

// Ports is the result in a network namespace with few ports.
type Ports struct {
	System int `json:"system"` // ports for outgoing connections on this system
	Given  int `json:"given"`  // ports in the namespace
	HTTP1  int `json:"http1"`  // pages that were possible with HTTP/1.1 to the pod; the next one got 503
	H2C    int `json:"h2c"`    // pages that were possible with HTTP/2 without TLS
}

// PortsArgument is the argument with which a program must call RunPorts. The arguments after it are
// for RunPorts.
const PortsArgument = "ports"

const (
	rangeFile = "/proc/sys/net/ipv4/ip_local_port_range"
	firstPort = 40000
	portCount = 10
	// Ports of the browsers, outside that range.
	firstBrowserPort = 45000
)

// errRefused is the error of the page for which there was no port.
var errRefused = errors.New("the answer is 503 Service Unavailable")

// CountPorts runs this program in a new network namespace.
func CountPorts(binaries contenders.Binaries) (found Ports, err error) {
	if found.System, err = ports(); err != nil {
		return found, err
	}
	self, err := os.Executable()
	if err != nil {
		return found, err
	}
	command := blackhole.Command(self, PortsArgument, binaries.Ours, binaries.Stock)
	var output, failure bytes.Buffer
	command.Stdout, command.Stderr = &output, &failure
	if err := command.Run(); err != nil {
		return found, fmt.Errorf("counting ports: %w: %s", err, failure.String())
	}
	system := found.System
	err = json.Unmarshal(output.Bytes(), &found)
	found.System = system
	return found, err
}

// ports returns the size of the range from which the kernel takes ports for outgoing connections. A
// port can have one connection to the same address and port.
func ports() (int, error) {
	text, err := os.ReadFile(rangeFile)
	if err != nil {
		return 0, err
	}
	var first, last int
	if _, err := fmt.Sscan(string(text), &first, &last); err != nil {
		return 0, fmt.Errorf("%s: %q: %w", rangeFile, text, err)
	}
	return last - first + 1, nil
}

// RunPorts runs in the namespace and prints a Ports. Its arguments are our binary and the stock
// one.
func RunPorts(arguments []string) error {
	if len(arguments) != 2 {
		return fmt.Errorf("usage: %s OURS STOCK", PortsArgument)
	}
	if err := blackhole.Up(); err != nil {
		return err
	}
	if err := os.WriteFile(rangeFile, fmt.Appendf(nil, "%d %d", firstPort, firstPort+portCount-1), 0); err != nil {
		return err
	}
	found := Ports{}
	var err error
	if found.Given, err = ports(); err != nil {
		return err
	}
	b, err := newTestbed(contenders.Binaries{Ours: arguments[0], Stock: arguments[1]})
	if err != nil {
		return err
	}
	defer b.close()
	browserPort := firstBrowserPort
	if found.HTTP1, err = b.untilRefused(&browserPort); err != nil {
		return err
	}
	if found.H2C, err = b.untilRefused(&browserPort, h2c); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}

// untilRefused opens pages until one is refused, and returns how many were not. Each page uses the
// next browser port: recently closed ones cannot be bound again.
func (b *testbed) untilRefused(browserPort *int, more ...string) (int, error) {
	pod, err := startPod("", b.folder)
	if err != nil {
		return 0, err
	}
	defer pod.Kill()
	proxy, err := b.ours(more...)(pod, 0)
	if err != nil {
		return 0, err
	}
	defer proxy.Kill()
	var open streams
	defer func() { open.close() }()
	const most = 15000
	for len(open) < most {
		page := page{places: proxy.places, token: b.token, instance: framed}
		page.dialer.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: *browserPort}
		*browserPort++
		stream, err := page.open(HTTP1)
		if err != nil {
			if strings.Contains(err.Error(), errRefused.Error()) {
				return len(open), nil
			}
			return 0, err
		}
		open = append(open, stream)
	}
	return 0, fmt.Errorf("%d pages, and none was refused", most)
}
