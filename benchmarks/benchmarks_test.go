package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/benchmarks/contenders"
	"github.com/doors-dev/doors-caddy/benchmarks/report"
	"github.com/doors-dev/doors-caddy/benchmarks/results"
)

// This program also runs as the pods, and in the network namespace.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && children[os.Args[1]] != nil {
		if err := children[os.Args[1]](os.Args[2:]); err != nil {
			panic(err)
		}
		return
	}
	os.Exit(m.Run())
}

var binaries = contenders.Binaries{Ours: "../bin/caddy", Stock: "../bin/caddy-stock"}

// A short run produces all figures. Their values do not matter here.
func TestMeasureAndReport(t *testing.T) {
	folder := t.TempDir()
	var log bytes.Buffer
	m := measurement{binaries: binaries, file: filepath.Join(folder, "results.json"), criterion: "testdata/criterion", instructions: "testdata/instructions.txt", pace: smoke, log: &log}
	if err := m.measure(parts); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"report", "-results", m.file, "-folder", folder}, &log); err != nil {
		t.Fatal(err)
	}
	file, err := results.Load(m.file)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(file.Targets()), 8+6+6+2+4; got != want && file.Machine.Cores > 1 {
		t.Errorf("%d targets, want %d", got, want)
	}
	for _, target := range file.Targets() {
		if s := target.Reached; s.Q1 > s.Median || s.Median > s.Q3 || s.Q1 < 0 || !strings.Contains(log.String(), target.What) {
			t.Errorf("%s: %+v", target.What, s)
		}
	}
	if ports := file.Ports; ports.HTTP1 != ports.Given || ports.H2C <= ports.Given || ports.System <= 0 {
		t.Errorf("pages until the ports run out: %+v; over HTTP/1.1 one for each port, and more over HTTP/2", ports)
	}
	text, err := os.ReadFile(filepath.Join(folder, "BENCHMARKS.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{file.Machine.CPU, "| seen token | 100,000 | 1 |", "| system | HTTP/2 | stock / stock |", "| names | ratio |", "| HTTP/2 | a frame |", "from 10 ports", "| token/decode | 151 ns (150 ns to 153 ns) |", "decide_pod_seen 123"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("BENCHMARKS.md lacks %q", part)
		}
	}
	for _, name := range []string{"decisions.svg", "proxy.svg"} {
		picture, err := os.Open(filepath.Join(folder, "benchmarks/pictures", name))
		if err != nil {
			t.Fatal(err)
		}
		defer picture.Close()
		for decoder := xml.NewDecoder(picture); ; {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
}

// The files of the repository match its results.
func TestCommittedReport(t *testing.T) {
	file, err := results.Load("results.json")
	if err != nil {
		t.Fatal(err)
	}
	files, err := report.Files(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		committed, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(committed) != text {
			t.Errorf("%s does not match benchmarks/results.json: run scripts/run/bench.sh report", name)
		}
	}
}

func TestProfile(t *testing.T) {
	folder := t.TempDir()
	var log bytes.Buffer
	if err := run([]string{"profile", "-caddy", binaries.Ours, "-stock", binaries.Stock, "-scenario", "system", "-duration", "1s", "-folder", folder}, &log); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ours.pprof", "stock.pprof"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFaultyCommands(t *testing.T) {
	for _, arguments := range [][]string{{}, {"dance"}, {"measure", "-only", "weather"}, {"profile", "-scenario", "none"}, {"report", "-results", "none.json"}} {
		if err := run(arguments, io.Discard); err == nil {
			t.Errorf("%q: no error", arguments)
		}
	}
}
