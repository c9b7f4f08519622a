// Package redact keeps keys that stand in a wrong place out of messages. It knows what a key looks like and nothing of what it
// is for.
//
//	In:  texts that somebody wrote, and errors of others that may repeat them.
//	Out: whether a text may hold a key, and the errors without such texts.
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

// shortestKey is how many characters an AES key of 16 bytes has in base64 without padding.
const shortestKey = 22

var (
	// word is what base64 in either alphabet may be a part of. Names of files and variables are such words too.
	word   = regexp.MustCompile(fmt.Sprintf(`[A-Za-z0-9+/=_-]{%d,}`, shortestKey))
	lower  = regexp.MustCompile(`[a-z]`)
	upper  = regexp.MustCompile(`[A-Z]`)
	digits = regexp.MustCompile(`(?:[0-9][^0-9]*){6}`)
)

// suspects are the parts of the text that are as long as a key and mixed as only keys are: names that people give are in one
// case, or short.
func suspects(text string) []string {
	return slices.DeleteFunc(word.FindAllString(text, -1), func(part string) bool {
		return !isMixed(part) || isPath(part)
	})
}

func isMixed(part string) bool {
	return lower.MatchString(part) && upper.MatchString(part) || digits.MatchString(part)
}

// isPath tells whether a part is the path of a file, which may be missing, in a folder that is there.
func isPath(part string) bool {
	folder, name := path.Split(part)
	if len(folder) < 2 || folder[0] != '/' || len(name) >= shortestKey && isMixed(name) {
		return false
	}
	_, err := os.Stat(folder)
	return err == nil
}

// MayHoldKey tells whether a part of the text looks like a key.
func MayHoldKey(text string) bool { return len(suspects(text)) > 0 }

// Error returns the error without what looks like a key in one of the texts, and without parts of it. The length stays.
func Error(err error, texts []string) error {
	if err == nil {
		return nil
	}
	message := err.Error()
	for _, text := range texts {
		for _, part := range suspects(text) {
			message = without(message, part)
		}
	}
	if message == err.Error() {
		return err
	}
	return errors.New(message)
}

const (
	// shortestPiece is how much of a key may be seen: less can be in any text by chance.
	shortestPiece = 8
	// longestKey is more than eight keys have: of anything longer only the whole is looked for, to bound the work.
	longestKey = 400
)

// without replaces the part in the message, and the longest pieces of it: who parses a text may show what is left of it.
func without(message, part string) string {
	replace := func(piece string) {
		message = strings.ReplaceAll(message, piece, fmt.Sprintf("(a value of %d characters)", len(piece)))
	}
	replace(part)
	if len(part) > longestKey {
		return message
	}
	for start := range part {
		for end := len(part); end >= start+shortestPiece; end-- {
			replace(part[start:end])
		}
	}
	return message
}

// Texts returns all strings in a JSON document, names of members among them, that may hold a key.
func Texts(document []byte) (texts []string) {
	var value any
	if json.Unmarshal(document, &value) == nil {
		collect(value, &texts)
	}
	return texts
}

func collect(value any, texts *[]string) {
	switch value := value.(type) {
	case string:
		if MayHoldKey(value) {
			*texts = append(*texts, value)
		}
	case []any:
		for _, element := range value {
			collect(element, texts)
		}
	case map[string]any:
		for name, member := range value {
			collect(name, texts)
			collect(member, texts)
		}
	}
}
