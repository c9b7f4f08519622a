//go:build linux

package blackhole

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// OpenDevice creates a TUN interface in the namespace of the calling thread. Closing the file removes
// the interface. The file joins the poller only once the interface exists: before that the kernel
// reports an error.
func OpenDevice(name string) (*os.File, error) {
	number, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("/dev/net/tun: %w", err)
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(number, unix.TUNSETIFF, request)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("/dev/net/tun: %w", err), unix.Close(number))
	}
	return os.NewFile(uintptr(number), "/dev/net/tun"), nil
}

// IP runs the program ip in the namespace of the calling thread, with arguments separated by spaces.
func IP(arguments string) error {
	output, err := exec.Command("ip", strings.Fields(arguments)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", arguments, err, strings.TrimSpace(string(output)))
	}
	return nil
}
