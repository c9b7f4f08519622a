package scale_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// usage is what a process has used so far: CPU time, and memory in bytes. The kernel counts CPU
// time in steps of 10 ms.
type usage struct {
	cpu          time.Duration
	memory, peak int64
}

// tick is the kernel's unit of CPU time in /proc: 100 per second on all current architectures of
// Linux.
const tick = time.Second / 100

func usageOf(t testing.TB, caddy *Caddy) (u usage) {
	t.Helper()
	read := func(name string) string {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", caddy.PID(), name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	// See proc(5). The second field, in parentheses, may contain anything. Fields 14 and 15 are
	// user and system time.
	stat := read("stat")
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	var user, system int64
	_, err := fmt.Sscan(fields[14-3]+" "+fields[15-3], &user, &system)
	if err != nil {
		t.Fatal(err)
	}
	u.cpu = time.Duration(user+system) * tick
	for line := range strings.Lines(read("status")) {
		name, value, _ := strings.Cut(line, ":")
		target := map[string]*int64{"VmRSS": &u.memory, "VmHWM": &u.peak}[name]
		if target == nil {
			continue
		}
		if _, err := fmt.Sscan(strings.TrimSuffix(strings.TrimSpace(value), " kB"), target); err != nil {
			t.Fatal(err)
		}
		*target *= 1024
	}
	if u.memory == 0 || u.peak == 0 {
		t.Fatal("the kernel does not say how much memory the process has")
	}
	return u
}

// goroutines returns the number of Caddy's goroutines.
func goroutines(t testing.TB, caddy *Caddy) (count int) {
	t.Helper()
	_, text := caddy.Admin("GET", "/debug/pprof/goroutine?debug=1", "", nil)
	if _, err := fmt.Sscanf(text, "goroutine profile: total %d", &count); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	return count
}
