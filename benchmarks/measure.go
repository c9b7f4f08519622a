package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/doors-dev/doors-caddy/benchmarks/contenders"
	"github.com/doors-dev/doors-caddy/benchmarks/decisions"
	"github.com/doors-dev/doors-caddy/benchmarks/pages"
	"github.com/doors-dev/doors-caddy/benchmarks/proxy"
	"github.com/doors-dev/doors-caddy/benchmarks/report"
	"github.com/doors-dev/doors-caddy/benchmarks/results"
)

// pace is how long each part takes.
type pace struct {
	decisions        decisions.Options
	proxy, upstreams proxy.Options
	pages            pages.Options
}

var (
	full    = pace{decisions.Full, proxy.Full, proxy.FullUpstreams, pages.Full}
	quickly = pace{decisions.Quick, proxy.Quick, proxy.Quick, pages.Quick}
	smoke   = pace{decisions.Smoke, proxy.Smoke, proxy.Smoke, pages.Smoke}
)

// parts are the parts that can be measured separately.
var parts = []string{"rust", "decisions", "proxy", "upstreams", "pages"}

// measurement is one run.
type measurement struct {
	binaries  contenders.Binaries
	file      string // of the results
	criterion string // folder with the results of the Rust benchmarks
	// instructions is the file with instruction counts that scripts/stages/instructions.sh maintains.
	instructions string
	pace         pace
	log          io.Writer
}

// measure measures some of the parts. It saves each part when it is complete.
func (m *measurement) measure(wanted []string) error {
	for _, part := range wanted {
		if !slices.Contains(parts, part) {
			return fmt.Errorf("%q is none of the parts %s", part, strings.Join(parts, ", "))
		}
	}
	machine, err := results.ThisMachine(m.binaries)
	if err != nil {
		return err
	}
	file, err := results.Load(m.file)
	if errors.Is(err, fs.ErrNotExist) {
		file, err = &results.File{}, os.MkdirAll(filepath.Dir(m.file), 0o755)
	}
	if err != nil {
		return err
	}
	if file.Machine != machine { // one report must not mix figures of different machines or versions
		file = &results.File{Machine: machine}
	}
	m.pace.decisions.Log, m.pace.proxy.Log, m.pace.upstreams.Log, m.pace.pages.Log = m.log, m.log, m.log, m.log
	for _, part := range parts { // the Caddys last: they take cores away from this process
		if !slices.Contains(wanted, part) {
			continue
		}
		began := time.Now()
		_, _ = fmt.Fprintf(m.log, "== %s\n", part)
		if err := m.measurePart(part, file); err != nil {
			return err
		}
		file.Date = began.Format(time.DateOnly)
		if err := file.Save(m.file); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(m.log, "== %s: done in %v\n", part, time.Since(began).Round(time.Second))
	}
	_, _ = fmt.Fprintf(m.log, "\n%s", report.TargetTable(file))
	return nil
}

func (m *measurement) measurePart(part string, file *results.File) (err error) {
	switch part {
	case "rust":
		if file.Rust, err = results.Criterion(m.criterion); err == nil {
			var text []byte
			if text, err = os.ReadFile(m.instructions); errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
			file.Instructions = string(text)
		}
	case "decisions":
		file.Decisions, err = decisions.Measure(m.pace.decisions)
	case "proxy":
		file.Proxy, err = proxy.Compare(m.binaries, m.pace.proxy)
	case "upstreams":
		file.Upstreams, err = proxy.CompareUpstreams(m.binaries, m.pace.upstreams)
	case "pages":
		if file.Pages, err = pages.Compare(m.binaries, m.pace.pages); err == nil {
			file.Ports, err = pages.CountPorts(m.binaries)
		}
	}
	return err
}

// writeReport writes BENCHMARKS.md and its pictures below a folder.
func writeReport(path, folder string, log io.Writer) error {
	file, err := results.Load(path)
	if err != nil {
		return err
	}
	if err := report.Write(file, folder); err != nil {
		return err
	}
	_, err = fmt.Fprintf(log, "written: %s\n", filepath.Join(folder, "BENCHMARKS.md"))
	return err
}
