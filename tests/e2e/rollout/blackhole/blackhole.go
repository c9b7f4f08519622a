//go:build linux

package blackhole

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

const interfaceName = "hole"

// Hole is an interface behind which packets vanish. It is not safe for concurrent use.
type Hole struct{ device *os.File }

// Open creates the interface. It fails if the kernel or the namespace does not allow that, or if
// iproute2 is missing.
func Open() (*Hole, error) {
	device, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	// An interface without a reader has no carrier and so no route. The open file is the reader,
	// and never reads.
	request, err := unix.NewIfreq(interfaceName)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(int(device.Fd()), unix.TUNSETIFF, request)
	}
	if err == nil {
		err = run("link", "set", interfaceName, "up")
	}
	if err == nil { // else packets from 127.0.0.1 do not leave the loopback interface, and dials fail at once
		err = os.WriteFile("/proc/sys/net/ipv4/conf/"+interfaceName+"/route_localnet", []byte("1"), 0)
	}
	if err != nil {
		_ = device.Close()
		return nil, err
	}
	return &Hole{device}, nil
}

// Swallow makes all packets to the address vanish, including those of open connections.
func (h *Hole) Swallow(address netip.Addr) error {
	return run("route", "add", address.String()+"/32", "dev", interfaceName, "src", "127.0.0.1", "table", "local")
}

// Spare ends Swallow.
func (h *Hole) Spare(address netip.Addr) error {
	return run("route", "del", address.String()+"/32", "dev", interfaceName, "table", "local")
}

// Close removes the interface, and with it all routes to it.
func (h *Hole) Close() error { return h.device.Close() }

func run(arguments ...string) error {
	output, err := exec.Command("ip", arguments...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(arguments, " "), err, strings.TrimSpace(string(output)))
	}
	return nil
}
