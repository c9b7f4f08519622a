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
	return part != strings.ToUpper(part) && part != strings.ToLower(part) || digits.MatchString(part)
}

// isPath tells whether a part is the path of a file, which may be missing, in a folder that is there.
func isPath(part string) bool {
	folder, name := path.Split(part)
	if folder = path.Clean(folder); len(folder) < 2 || folder[0] != '/' || len(name) >= shortestKey && isMixed(name) {
		return false
	}
	_, err := os.Stat(folder)
	return err == nil
}

// MayHoldKey tells whether a part of the text looks like a key.
func MayHoldKey(text string) bool { return len(suspects(text)) > 0 }

// Texts returns what may be a key in a JSON document, in names of members too.
func Texts(document []byte) []string {
	var value any
	if json.Unmarshal(document, &value) != nil {
		return nil
	}
	plain, _ := json.Marshal(value) // what was decoded can be encoded; no character of a key is escaped any more
	return suspects(string(plain))
}

const (
	// shortestPiece is how much of a key may be seen: less can be in any text by chance.
	shortestPiece = 8
	// longestKey is more than eight keys have: of anything longer only the whole is looked for, to bound the work.
	longestKey = 400
)

// Error returns the error without what looks like a key in one of the texts, and without parts of it: who parses a text may show what is
// left of it. The length stays.
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
