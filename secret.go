package doorscaddy

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
)

// maxKeys limits the work that a forged token causes: every key is tried.
const maxKeys = 8

// secretError is the error of an invalid secret. It is a type so that tests can
// check the index.
type secretError struct {
	key  int // index of the key, or -1
	rule string
}

func (e *secretError) Error() string { return "doorscaddy: secret: " + e.text() }

// text returns the error without naming the key.
func (e *secretError) text() string {
	if e.key < 0 {
		return e.rule
	}
	return fmt.Sprintf("key %d %s", e.key, e.rule)
}

// parseSecret returns 1 to 8 different keys of 16, 24 or 32 bytes each.
func parseSecret(secret string) ([][]byte, error) {
	texts := strings.FieldsFunc(secret, isSpace)
	switch {
	case len(texts) == 0:
		return nil, &secretError{-1, "is empty; write one to eight AES keys in base64 (make one with: openssl rand -base64 32)"}
	case len(texts) > maxKeys:
		return nil, &secretError{-1, fmt.Sprintf("has %d keys; the limit is %d", len(texts), maxKeys)}
	}
	keys := make([][]byte, len(texts))
	for i, text := range texts {
		if text[0] == '<' && text[len(text)-1] == '>' {
			return nil, &secretError{i, "is a placeholder from the documentation; make a key with: openssl rand -base64 32"}
		}
		// The decoder's own error would show part of the key.
		key, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return nil, &secretError{i, "is not standard base64 with padding (make a key with: openssl rand -base64 32)"}
		}
		switch len(key) {
		case 16, 24, 32:
		default:
			return nil, &secretError{i, fmt.Sprintf("has %d bytes; a key has 16, 24 or 32 bytes", len(key))}
		}
		for earlier, other := range keys[:i] {
			if bytes.Equal(key, other) {
				return nil, &secretError{i, fmt.Sprintf("is the same as key %d; remove one of them", earlier)}
			}
		}
		keys[i] = key
	}
	return keys, nil
}

// isSpace reports whether r is ASCII white space as in Rust and the WHATWG
// standards (not the vertical tab), so that all languages split a secret in the
// same way.
func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\f', '\r':
		return true
	}
	return false
}
