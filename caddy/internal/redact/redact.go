// Package redact removes keys from errors. Keys get into errors when they are in the wrong place of
// a configuration or command line. It recognizes keys by their form alone and imports nothing of
// this module.
package redact

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

// shortestKey is the length of an AES key of 16 bytes in base64 without padding.
const shortestKey = 22

var (
	// word matches what may be base64 in either alphabet. File and variable names match too.
	word   = regexp.MustCompile(fmt.Sprintf(`[A-Za-z0-9+/=_-]{%d,}`, shortestKey))
	digits = regexp.MustCompile(`(?:[0-9][^0-9]*){6}`)
)

// suspects returns the words that are as long as a key and mix cases and digits as only keys do.
// Names are short, or in one case.
func suspects(text string) []string {
	return slices.DeleteFunc(word.FindAllString(text, -1), func(part string) bool {
		return !isMixed(part) || isPath(part)
	})
}

func isMixed(part string) bool {
	return part != strings.ToUpper(part) && part != strings.ToLower(part) || digits.MatchString(part)
}

// isPath reports whether a word is a file path whose folder exists. The file may be missing.
func isPath(part string) bool {
	folder, name := path.Split(part)
	if folder = path.Clean(folder); len(folder) < 2 || folder[0] != '/' || len(name) >= shortestKey && isMixed(name) {
		return false
	}
	_, err := os.Stat(folder)
	return err == nil
}

// MayHoldKey reports whether part of the text looks like a key.
func MayHoldKey(text string) bool { return len(suspects(text)) > 0 }

// Texts returns the strings of a JSON document that may be keys, member names included.
func Texts(document []byte) []string {
	var value any
	if json.Unmarshal(document, &value) != nil {
		return nil
	}
	plain, _ := json.Marshal(value) // decoded values can be encoded, without escapes in keys
	return suspects(string(plain))
}

const (
	// shortestPiece is the shortest part of a key that is removed, in characters. Less may be in
	// any text by chance.
	shortestPiece = 8
	// longestKey is longer than eight keys. Of longer strings only the whole is removed, to bound
	// the work.
	longestKey = 400
)

// Error replaces the texts that look like keys in an error, and parts of them, by their lengths. Parts
// matter because a parser may show only the rest of what it has read.
func Error(err error, texts []string) error {
	if err == nil {
		return nil
	}
	message := err.Error()
	for _, text := range texts {
		for _, part := range suspects(text) {
			shortest := shortestPiece
			if len(part) > longestKey {
				shortest = len(part)
			}
			for start := 0; start+shortest <= len(part); start++ {
				for end := len(part); end-start >= shortest; end-- {
					message = strings.ReplaceAll(message, part[start:end], fmt.Sprintf("(a value of %d characters)", end-start))
				}
			}
		}
	}
	if message == err.Error() {
		return err
	}
	return errors.New(message)
}
