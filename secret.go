package doorscaddy

// In:  the secret, one to eight base64 keys separated by white space.
// Out: the raw keys in the given order, or an error that names the key by its
//      index, from 0, and never holds any part of it.

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
)

// maxKeys bounds the work that a forged token causes: each key is tried.
const maxKeys = 8

// secretError says what is wrong with a secret. It is a type so that tests can
// see the index; users get the text.
type secretError struct {
	key  int // from 0; -1 when the fault is not in one key
	rule string
}

func (e *secretError) Error() string { return "doorscaddy: secret: " + e.text() }

// text is the error without what it is about.
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
		return nil, &secretError{-1, "is empty; it takes 1 to 8 keys in base64, for example from: openssl rand -base64 32"}
	case len(texts) > maxKeys:
		return nil, &secretError{-1, fmt.Sprintf("holds %d keys; it takes at most %d", len(texts), maxKeys)}
	}
	keys := make([][]byte, len(texts))
	for i, text := range texts {
		if text[0] == '<' && text[len(text)-1] == '>' {
			return nil, &secretError{i, "stands in the documentation in place of a key; make one: openssl rand -base64 32"}
		}
		// The error of the decoder would show a part of the key.
		key, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil {
			return nil, &secretError{i, "is not standard base64 with padding (RFC 4648, section 4)"}
		}
		switch len(key) {
		case 16, 24, 32:
		default:
			return nil, &secretError{i, fmt.Sprintf("is %d bytes long; AES takes 16, 24 or 32 bytes", len(key))}
		}
		for earlier, other := range keys[:i] {
			if bytes.Equal(key, other) {
				return nil, &secretError{i, fmt.Sprintf("is the same as key %d; each key is given once", earlier)}
			}
		}
		keys[i] = key
	}
	return keys, nil
}

// isSpace is ASCII white space as Rust and the WHATWG define it (without the
// vertical tab), so that all languages split a secret alike.
func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\f', '\r':
		return true
	}
	return false
}
