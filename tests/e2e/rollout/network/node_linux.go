package network

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	deviceName = "link0"
	deviceMTU  = 1500
	ownThread  = "/proc/thread-self/ns/net"
)

// Node is a machine of the network.
type Node struct {
	network   *Network
	namespace *os.File
	device    *os.File
	arriving  chan packet
	running   sync.WaitGroup
}

// Here makes the namespace of the calling thread a node with this address.
func (n *Network) Here(address netip.Addr) (*Node, error) {
	namespace, err := os.Open(ownThread)
	if err != nil {
		return nil, err
	}
	return n.join(&Node{network: n, namespace: namespace, arriving: make(chan packet, queueLength)}, address)
}

// Add makes a node with this address in a new namespace. The calling goroutine must be locked to
// its thread.
func (n *Network) Add(address netip.Addr) (*Node, error) {
	home, err := os.Open(ownThread)
	if err != nil {
		return nil, err
	}
	defer home.Close()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return nil, fmt.Errorf("new network namespace: %w", err)
	}
	namespace, err := os.Open(ownThread)
	if err := errors.Join(err, unix.Setns(int(home.Fd()), unix.CLONE_NEWNET)); err != nil {
		return nil, err
	}
	return n.join(&Node{network: n, namespace: namespace, arriving: make(chan packet, queueLength)}, address)
}

func (n *Network) join(node *Node, address netip.Addr) (*Node, error) {
	if err := node.Do(func() error { return node.up(address) }); err != nil {
		node.close()
		return nil, err
	}
	n.mu.Lock()
	n.nodes = append(n.nodes, node)
	n.owners[address] = node
	n.mu.Unlock()
	node.running.Add(2)
	go node.sent()
	go node.received()
	return node, nil
}

// up creates the interfaces of the node. The default route leads to the link, with the first
// address as the source.
func (d *Node) up(address netip.Addr) (err error) {
	// Connections that a listener has not accepted move to the next one when it closes. By default
	// the kernel resets them, so that every reload of Caddy resets a few. Kernels before 5.14 do
	// not have the setting.
	_ = os.WriteFile("/proc/sys/net/ipv4/tcp_migrate_req", []byte("1"), 0)
	if d.device, err = openDevice(); err != nil {
		return err
	}
	for _, command := range []string{
		"link set lo up",
		fmt.Sprintf("link set %s mtu %d up", deviceName, deviceMTU),
		fmt.Sprintf("address add %s/32 dev %s", address, deviceName),
		fmt.Sprintf("route add default dev %s src %s", deviceName, address),
	} {
		if err := ip(command); err != nil {
			return err
		}
	}
	return nil
}

// openDevice opens the TUN interface. It adds the file to the poller only once the interface
// exists: before that the kernel reports an error.
func openDevice() (*os.File, error) {
	number, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/net/tun: %w", err)
	}
	request, err := unix.NewIfreq(deviceName)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(number, unix.TUNSETIFF, request)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("/dev/net/tun: %w", err), unix.Close(number))
	}
	return os.NewFile(uintptr(number), "/dev/net/tun"), nil
}

func ip(command string) error {
	output, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", command, err, strings.TrimSpace(string(output)))
	}
	return nil
}

// Own gives the node another address, or moves it from another node.
func (d *Node) Own(address netip.Addr) error {
	d.network.mu.Lock()
	before := d.network.owners[address]
	d.network.owners[address] = d
	d.network.mu.Unlock()
	if before == d {
		return nil
	}
	if before != nil {
		command := fmt.Sprintf("address del %s/32 dev %s", address, deviceName)
		if err := before.Do(func() error { return ip(command) }); err != nil {
			return err
		}
	}
	return d.Do(func() error { return ip(fmt.Sprintf("address add %s/32 dev %s", address, deviceName)) })
}

// Do calls do in the namespace of the node. Sockets and processes that do creates stay there. The
// calling goroutine must be locked to its thread.
func (d *Node) Do(do func() error) error {
	home, err := os.Open(ownThread)
	if err != nil {
		return err
	}
	defer home.Close()
	if err := unix.Setns(int(d.namespace.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter network namespace: %w", err)
	}
	return errors.Join(do(), unix.Setns(int(home.Fd()), unix.CLONE_NEWNET))
}

// sent reads the packets that the node sends.
func (d *Node) sent() {
	defer d.running.Done()
	buffer := make([]byte, deviceMTU)
	for {
		length, err := d.device.Read(buffer)
		if err != nil {
			return
		}
		d.network.send(d, buffer[:length])
	}
}

// received writes the packets that the node receives, each at its time.
func (d *Node) received() {
	defer d.running.Done()
	for arrived := range d.arriving {
		time.Sleep(time.Until(arrived.due))
		_, _ = d.device.Write(arrived.data) // fails if the device is closed
	}
}

// close is called after the last packet for the node.
func (d *Node) close() {
	if d.device != nil {
		_ = d.device.Close()
	}
	close(d.arriving)
	d.running.Wait()
	_ = d.namespace.Close()
}
