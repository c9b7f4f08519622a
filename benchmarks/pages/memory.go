package pages

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

// memoryOf returns the resident memory of a process in bytes, with its share of memory that several
// processes use.
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

// collect makes a Caddy collect garbage twice: the second time frees what finalizers have released.
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

// settled returns the memory of an idle process once it no longer changes: Go returns memory to the
// system in small steps.
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
