package pages

// In:  a process.
// Out: its memory.

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/doors-dev/doors-caddy/benchmarks/contenders"
)

// memoryOf is the memory of a process in bytes: what is resident, with its share of what several processes have in common.
func memoryOf(pid int) (float64, error) {
	file, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if value, found := strings.CutPrefix(lines.Text(), "Pss:"); found {
			kilobytes, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(value, "kB")))
			return float64(kilobytes) * 1024, err
		}
	}
	return 0, errors.Join(fmt.Errorf("/proc/%d/smaps_rollup has no line Pss", pid), lines.Err())
}

// collect makes a Caddy collect its garbage: what is freed by finalizers goes the second time.
func collect(places contenders.Places) error {
	for range 2 {
		answer, err := http.Get(places.URL("/debug/pprof/heap?gc=1"))
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil {
			return err
		}
	}
	return nil
}

// settled is the memory of a process that has nothing to do, when it changes no more: Go gives memory back bit by bit.
func settled(pid int, pause time.Duration) (float64, error) {
	const same, least = 0.001, 2
	last, err := memoryOf(pid)
	for calm := 0; err == nil && calm < least; {
		time.Sleep(pause)
		var now float64
		if now, err = memoryOf(pid); now > last*(1-same) && now < last*(1+same) {
			calm++
		} else {
			calm = 0
		}
		last = now
	}
	return last, err
}
