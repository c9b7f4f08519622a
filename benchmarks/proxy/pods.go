package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"

	"github.com/doors-dev/doors-caddy/benchmarks/contenders"
)

// PodsArgument is the argument with which a program must call RunPods. The arguments after it are
// for RunPods.
const PodsArgument = "pods"

// podAddress returns the address of a pod by index, from 0: 127.0.1.1 and up, 250 per network.
func podAddress(index int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 0, byte(1 + index/250), byte(1 + index%250)})
}

// podAddresses returns the addresses of the first pods.
func podAddresses(count int) (addresses []netip.Addr) {
	for index := range count {
		addresses = append(addresses, podAddress(index))
	}
	return addresses
}

// RunPods serves pods until the process is ended. Each answers every request with its address, at
// the least cost. The arguments are the port and the number of pods.
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
	select {}
}

func servePod(listener net.Listener, address string) {
	answer := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", len(address), address)
	for {
		connection, err := listener.Accept()
		if err != nil {
			return // the process is ending
		}
		go serveConnection(connection, answer)
	}
}

// serveConnection answers requests without bodies, one after the other. No other kind is sent.
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

// startPods runs this program as pods.
func startPods(on, folder string, port, count int) (*contenders.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	last := netip.AddrPortFrom(podAddress(count-1), uint16(port)) // they begin to listen in order
	return contenders.Start(on, folder, contenders.Listens(last), self, PodsArgument, strconv.Itoa(port), strconv.Itoa(count))
}
