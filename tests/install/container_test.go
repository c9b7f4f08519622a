package install

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/doors-dev/doors-caddy/tests/install/dockerfile"
)

// container is a process of an image. As in Docker it has its own root, user, network and
// /etc/hosts. Its root has neither /proc nor /dev.
type container struct {
	image   dockerfile.Image
	process *exec.Cmd
	log     *bytes.Buffer
}

// start starts an image. From then on the test's goroutine is in the network of the container.
func start(t *testing.T, image dockerfile.Image) *container {
	t.Helper()
	runtime.LockOSThread() // never unlocked: the thread ends with the test
	check(t, unix.Unshare(unix.CLONE_NEWNET))
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	check(t, err)
	defer unix.Close(socket)
	loopback, err := unix.NewIfreq("lo")
	check(t, err)
	loopback.SetUint16(unix.IFF_UP)
	check(t, unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, loopback))
	check(t, os.WriteFile("/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte("0"), 0))

	check(t, os.WriteFile(filepath.Join(image.Root, "etc/hosts"), []byte("127.0.0.1 localhost\n"), 0o644))

	c := &container{image: image, log: new(bytes.Buffer)}
	c.process = c.command(t, image.Cmd...)
	c.process.Stdout, c.process.Stderr = c.log, c.log
	check(t, c.process.Start())
	t.Cleanup(func() {
		if c.process.ProcessState == nil {
			_ = c.process.Process.Kill()
			_ = c.process.Wait()
		}
		if t.Failed() {
			t.Logf("%s", c.log)
		}
	})
	return c
}

func (c *container) command(t *testing.T, arguments ...string) *exec.Cmd {
	t.Helper()
	user, group, found := strings.Cut(c.image.User, ":")
	if !found || len(arguments) == 0 {
		t.Fatalf("the image has the user %q and the command %v", c.image.User, arguments)
	}
	uid, err := strconv.ParseUint(user, 10, 32)
	check(t, err)
	gid, err := strconv.ParseUint(group, 10, 32)
	check(t, err)
	path := ""
	for _, variable := range c.image.Env {
		if folder, found := strings.CutPrefix(variable, "PATH="); found {
			path = filepath.Join(folder, arguments[0])
		}
	}
	return &exec.Cmd{
		Path: path, Args: arguments, Env: append([]string{"HOME=/"}, c.image.Env...), Dir: c.image.Dir,
		SysProcAttr: &syscall.SysProcAttr{Chroot: c.image.Root, Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}},
	}
}

// output returns the output of another command in the container.
func (c *container) output(t *testing.T, arguments ...string) string {
	t.Helper()
	output, err := c.command(t, arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", arguments, err, output)
	}
	return string(output)
}

// rights returns the user, the group and the effective capabilities of the process.
func (c *container) rights(t *testing.T) string {
	t.Helper()
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(c.process.Process.Pid), "status"))
	check(t, err)
	var rights []string
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		switch fields[0] {
		case "Uid:", "Gid:", "CapEff:":
			rights = append(rights, fields[1])
		}
	}
	return strings.Join(rights, " ")
}

// get waits for the container's answer at an address and returns it.
func (c *container) get(t *testing.T, scheme, address, host string) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		body, err := get(scheme, address, host)
		if err == nil {
			return body
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s://%s: %v\n%s", scheme, address, err, c.log)
		}
	}
}

// get makes a request in the network of its thread. An http.Client would dial in goroutines of its
// own.
func get(scheme, address, host string) (string, error) {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	if scheme == "https" {
		connection = tls.Client(connection, &tls.Config{ServerName: host, InsecureSkipVerify: true}) // the certificate is Caddy's own
	}
	request, err := http.NewRequest("GET", scheme+"://"+host+"/", nil)
	if err != nil {
		return "", err
	}
	if err := request.Write(connection); err != nil {
		return "", err
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// stop ends the container as Docker does, with SIGTERM.
func (c *container) stop(t *testing.T) {
	t.Helper()
	check(t, c.process.Process.Signal(syscall.SIGTERM))
	if err := c.process.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, c.log)
	}
}
