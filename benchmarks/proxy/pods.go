package proxy

// In:  a port and a number of addresses.
// Out: a process of pods that answer every request with their address, at the least cost.

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/child"
)

// PodsArgument makes a program call RunPods with the arguments after it.
const PodsArgument = "pods"

// podAddress is the address of the pod of an index, from 0: 127.0.1.1 and up, 250 a network.
func podAddress(index int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 0, byte(1 + index/250), byte(1 + index%250)})
}

// RunPods serves pods until standard input ends. Its arguments are the port and the number of pods.
func RunPods(arguments []string) error {
	if len(arguments) != 2 {
		return fmt.Errorf("usage: %s PORT COUNT", PodsArgument)
	}
	count, err := strconv.Atoi(arguments[1])
	if err != nil {
		return err
	}
	for index := range count {
		address := podAddress(index).String()
		listener, err := net.Listen("tcp", net.JoinHostPort(address, arguments[0]))
		if err != nil {
			return err
		}
		go servePod(listener, address)
	}
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func servePod(listener net.Listener, address string) {
	answer := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", len(address), address)
	for {
		connection, err := listener.Accept()
		if err != nil {
			return // the process ends
		}
		go serveConnection(connection, answer)
	}
}

// serveConnection answers requests without a body, one after the other: the only kind that is sent.
func serveConnection(connection net.Conn, answer []byte) {
	defer connection.Close()
	reader := bufio.NewReader(connection)
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return
		}
		if len(bytes.TrimRight(line, "\r\n")) > 0 {
			continue
		}
		if _, err := connection.Write(answer); err != nil {
			return
		}
	}
}

// pods is the process of the pods, seen from outside.
type pods struct {
	command *exec.Cmd
	input   io.Closer
}

// startPods runs this program again, as pods.
func startPods(on string, port, count int) (*pods, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &pods{command: command(on, self, PodsArgument, strconv.Itoa(port), strconv.Itoa(count))}
	p.command.Stderr = os.Stderr
	p.command.SysProcAttr = child.Attributes()
	if p.input, err = p.command.StdinPipe(); err != nil {
		return nil, err
	}
	output, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	if line, err := bufio.NewReader(output).ReadString('\n'); line != "ready\n" {
		p.stop()
		return nil, fmt.Errorf("the pods do not start: %q, %v", line, err)
	}
	return p, nil
}

// stop ends the process.
func (p *pods) stop() {
	_ = p.input.Close()
	_ = p.command.Process.Kill()
	_ = p.command.Wait() // killed: it says so
}
