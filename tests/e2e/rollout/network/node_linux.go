package network

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/blackhole"
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
	if err := blackhole.Up(); err != nil {
		return err
	}
	if d.device, err = blackhole.OpenDevice(deviceName); err != nil {
		return err
	}
	for _, command := range []string{
		fmt.Sprintf("link set %s mtu %d up", deviceName, deviceMTU),
		fmt.Sprintf("address add %s/32 dev %s", address, deviceName),
		fmt.Sprintf("route add default dev %s src %s", deviceName, address),
	} {
		if err := blackhole.IP(command); err != nil {
			return err
		}
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
		if err := before.Do(func() error { return blackhole.IP(command) }); err != nil {
			return err
		}
	}
	return d.Do(func() error { return blackhole.IP(fmt.Sprintf("address add %s/32 dev %s", address, deviceName)) })
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
