//go:build linux

package blackhole

import (
	"fmt"
	"net/netip"
	"os"
)

const interfaceName = "hole"

// Hole is an interface behind which packets vanish. It is not safe for concurrent use.
type Hole struct{ device *os.File }

// Open creates the interface. It fails if the kernel or the namespace does not allow that, or if
// iproute2 is missing.
func Open() (*Hole, error) {
	// An interface without a reader has no carrier and so no route. The open file is the reader,
	// and never reads.
	device, err := OpenDevice(interfaceName)
	if err != nil {
		return nil, err
	}
	err = IP("link set " + interfaceName + " up")
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
	return IP(fmt.Sprintf("route add %s/32 dev %s src 127.0.0.1 table local", address, interfaceName))
}

// Spare ends Swallow.
func (h *Hole) Spare(address netip.Addr) error {
	return IP(fmt.Sprintf("route del %s/32 dev %s table local", address, interfaceName))
}

// Close removes the interface, and with it all routes to it.
func (h *Hole) Close() error { return h.device.Close() }
