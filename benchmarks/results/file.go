// Package results keeps what was measured, so that tables and pictures can be made again without measuring.
//
//	file.go      the file of all results
//	machine.go   where and with what they were taken
//	criterion.go the figures of the Rust benchmarks
//	summary.go   medians, quartiles, ratios
//	targets.go   what is aimed at, and whether a run has met it
package results

// In:  figures of one run.
// Out: the file that holds them.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/doors-dev/doors-caddy/benchmarks/decisions"
	"github.com/doors-dev/doors-caddy/benchmarks/pages"
	"github.com/doors-dev/doors-caddy/benchmarks/proxy"
)

// File is everything that one run has measured. A part that was not measured is empty.
type File struct {
	Date    string     `json:"date"` // of the run, 2006-01-02
	Machine Machine    `json:"machine"`
	Rust    []Estimate `json:"rust"`
	// Instructions is the file of counts that the tests compare with, as it is.
	Instructions string                      `json:"instructions"`
	Decisions    []decisions.Case            `json:"decisions"`
	Proxy        []proxy.Comparison          `json:"proxy"`
	Upstreams    []proxy.UpstreamsComparison `json:"upstreams"`
	Pages        []pages.Comparison          `json:"pages"`
	Ports        pages.Ports                 `json:"ports"`
}

// Load reads a file.
func Load(path string) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var f File
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &f, nil
}

// Save writes a file, one line for each figure of a list.
func (f *File) Save(path string) error {
	compact, err := json.Marshal(f)
	if err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(compact, &members); err != nil {
		return err
	}
	var text bytes.Buffer
	text.WriteString("{")
	for i, name := range []string{"date", "machine", "rust", "instructions", "decisions", "proxy", "upstreams", "pages", "ports"} {
		if i > 0 {
			text.WriteString(",")
		}
		fmt.Fprintf(&text, "\n%q: ", name)
		var list []json.RawMessage
		if json.Unmarshal(members[name], &list) != nil {
			text.Write(members[name])
			continue
		}
		text.WriteString("[")
		for j, element := range list {
			if j > 0 {
				text.WriteString(",")
			}
			fmt.Fprintf(&text, "\n %s", element)
		}
		text.WriteString("]")
	}
	text.WriteString("\n}\n")
	return os.WriteFile(path, text.Bytes(), 0o644)
}
