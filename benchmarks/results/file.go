// Package results stores measured figures, so that tables and pictures can be made again without
// measuring. It has their medians and ratios, the machine they were taken on, and the targets that
// they should meet.
package results

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/doors-dev/doors-caddy/benchmarks/decisions"
	"github.com/doors-dev/doors-caddy/benchmarks/pages"
	"github.com/doors-dev/doors-caddy/benchmarks/proxy"
)

// File is the result of one run. Parts that were not measured are empty.
type File struct {
	Date    string     `json:"date"` // of the run, as 2006-01-02
	Machine Machine    `json:"machine"`
	Rust    []Estimate `json:"rust"`
	// Instructions is the unchanged file with the instruction counts that the tests compare with.
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

// Save writes a file, with one line for each figure of a list.
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
