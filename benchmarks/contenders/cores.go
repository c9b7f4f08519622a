package contenders

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// Cores are lists of cores as for taskset(1). An empty list means all.
type Cores struct{ Proxy, Others string }

// Divide gives the proxy the second half of the cores. It keeps the hardware threads of a core
// together. A single core is shared.
func Divide() (Cores, error) {
	allowed, err := allowedCores()
	if err != nil {
		return Cores{}, err
	}
	return halves(allowed, func(core string) string {
		siblings, err := os.ReadFile("/sys/devices/system/cpu/cpu" + core + "/topology/thread_siblings_list")
		if err != nil { // the machine need not have this file
			return core
		}
		return string(siblings)
	}), nil
}

// halves divides a list of hardware threads by core.
func halves(allowed []string, coreOf func(thread string) string) Cores {
	var whole []string
	threads := map[string][]string{}
	for _, thread := range allowed {
		core := coreOf(thread)
		if threads[core] == nil {
			whole = append(whole, core)
		}
		threads[core] = append(threads[core], thread)
	}
	if len(whole) < 2 {
		return Cores{}
	}
	join := func(some []string) string {
		var all []string
		for _, core := range some {
			all = append(all, threads[core]...)
		}
		return strings.Join(all, ",")
	}
	half := len(whole) / 2
	return Cores{Proxy: join(whole[half:]), Others: join(whole[:half])}
}

// allowedCores parses a list such as 0-1,4 from the kernel (proc_pid_status(5)).
func allowedCores() ([]string, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return nil, err
	}
	_, list, found := strings.Cut(string(status), "Cpus_allowed_list:")
	list, _, ended := strings.Cut(list, "\n")
	if !found || !ended {
		return nil, fmt.Errorf("/proc/self/status has no Cpus_allowed_list")
	}
	var allowed []string
	for part := range strings.SplitSeq(strings.TrimSpace(list), ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, errFrom := strconv.Atoi(first)
		to, errTo := strconv.Atoi(last)
		if errFrom != nil || errTo != nil {
			return nil, fmt.Errorf("Cpus_allowed_list: %q is not a list of cores", list)
		}
		for core := from; core <= to; core++ {
			allowed = append(allowed, strconv.Itoa(core))
		}
	}
	return allowed, nil
}

// command returns a program to run on the given cores.
func command(on string, program ...string) *exec.Cmd {
	if on != "" {
		program = append([]string{"taskset", "--cpu-list", on}, program...)
	}
	return exec.Command(program[0], program[1:]...)
}

// MoveSelf moves all threads of this process to the given cores.
func MoveSelf(on string) error {
	if on == "" {
		return nil
	}
	text, err := exec.Command("taskset", "--all-tasks", "--cpu-list", "--pid", on, strconv.Itoa(os.Getpid())).CombinedOutput()
	if err != nil {
		return fmt.Errorf("taskset: %w: %s", err, text)
	}
	runtime.GOMAXPROCS(strings.Count(on, ",") + 1)
	return nil
}
