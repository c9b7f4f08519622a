// Command generate writes the vectors that test every language of this repository. It shares no
// code with them. Its output is always the same: nonces are derived from the names of tokens.
//
//	go run ./tests/vectors/generate [-check] [-dir tests/vectors]
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	dir := flag.String("dir", "tests/vectors", "folder of the vectors")
	check := flag.Bool("check", false, "write nothing, fail if a file differs")
	flag.Parse()
	if err := run(*dir, *check); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(dir string, check bool) error {
	for name, content := range files() {
		path := filepath.Join(dir, name)
		text := render(content)
		if !check {
			if err := os.WriteFile(path, text, 0o644); err != nil {
				return err
			}
			continue
		}
		old, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !bytes.Equal(old, text) {
			return fmt.Errorf("%s differs; run: go run ./tests/vectors/generate", path)
		}
	}
	return nil
}

// files returns the contents of the files by name.
func files() map[string]any {
	return map[string]any{
		"tokens.json":    tokenVectors(),
		"secrets.json":   secretVectors(),
		"cidrs.json":     cidrVectors(),
		"decisions.json": decisionVectors(),
		"config.json":    configVectors(),
	}
}

func render(content any) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(content); err != nil {
		panic(err) // cannot happen with our own content
	}
	return text.Bytes()
}
