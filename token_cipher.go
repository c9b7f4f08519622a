package doorscaddy

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"io"
	"net/netip"
)

// additionalData ties a token to this use and format: other data encrypted with
// the same key is not a valid token.
var additionalData = []byte("doors-pod-ip-v1")

const (
	nonceSize = 12
	tagSize   = 16

	// tokenIPv4 and tokenIPv6 are the lengths of the two kinds of token.
	tokenIPv4 = (8*(nonceSize+4+tagSize) + 5) / 6  // 43
	tokenIPv6 = (8*(nonceSize+16+tagSize) + 5) / 6 // 59

	maxPlaintext = 16
	maxSealed    = nonceSize + maxPlaintext + tagSize
)

// tokenEncoding rejects trailing bits that are not zero. It skips line breaks,
// so checkToken checks each character as well.
var tokenEncoding = base64.RawURLEncoding.Strict()

// TokenCipher turns IP addresses into tokens and back. [NewTokenCipher] returns
// one. [Cipher] is its implementation, and tests of an app may have their own.
type TokenCipher interface {
	// Encode returns a new token for the address.
	Encode(addr netip.Addr) (token string)

	// Decode returns the address in the token.
	Decode(token string) (netip.Addr, error)
}

// NewTokenCipher is like [NewCipher] but returns the interface, which is nil if
// there is an error.
func NewTokenCipher(secret string) (TokenCipher, error) {
	cipher, err := NewCipher(secret)
	if err != nil {
		return nil, err
	}
	return cipher, nil
}

// Cipher is the [TokenCipher] of this package.
//
// The zero value has no key: it encodes every address as "" and decodes no
// token. A Cipher is immutable and safe for concurrent use. Copies share its
// keys. Printing it does not show the keys.
type Cipher struct {
	// A pointer, because the fmt package does not follow it where it cannot
	// call our methods: in an unexported field of another struct.
	ring *keyRing
}

// keyRing has an AEAD and an ID for each key. The first key encrypts.
type keyRing struct {
	aeads []cipher.AEAD
	ids   []string
}

// NewCipher returns a cipher for a secret: one to eight keys separated by white
// space. A key is the standard base64, with padding, of 16, 24 or 32 bytes, as
// printed by "openssl rand -base64 32". The first key encrypts, and all of them
// decrypt. To change the secret, put the new key before the old one.
//
// An error gives the number of the key and the rule, never the key.
func NewCipher(secret string) (Cipher, error) {
	keys, err := parseSecret(secret)
	if err != nil {
		return Cipher{}, err
	}
	ring := &keyRing{make([]cipher.AEAD, len(keys)), make([]string, len(keys))}
	for i, key := range keys {
		block, err := aes.NewCipher(key)
		if err != nil {
			return Cipher{}, &secretError{i, "is not accepted by AES"}
		}
		// This AEAD puts a random nonce of 12 bytes before the ciphertext,
		// which is the layout of a token.
		if ring.aeads[i], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return Cipher{}, &secretError{i, "is not accepted by AES-GCM"}
		}
		ring.ids[i] = keyID(key)
		clear(key)
	}
	return Cipher{ring}, nil
}

// Encode returns a new token for the address: 43 characters for IPv4, 59 for
// IPv6. An IPv4-mapped address counts as IPv4, and a zone is dropped. The token
// of the zero Addr is "". Each token has a random nonce, so two tokens of the
// same address differ.
func (c Cipher) Encode(addr netip.Addr) string {
	if c.ring == nil || !addr.IsValid() {
		return ""
	}
	// One allocation for both: they escape through the interface.
	var buffer [maxSealed + maxPlaintext]byte
	plaintext := buffer[maxSealed:maxSealed]
	if addr = addr.Unmap(); addr.Is4() {
		bytes := addr.As4()
		plaintext = append(plaintext, bytes[:]...)
	} else {
		bytes := addr.As16()
		plaintext = append(plaintext, bytes[:]...)
	}
	sealed := c.ring.aeads[0].Seal(buffer[:0:maxSealed], nil, plaintext, additionalData)
	var token [tokenIPv6]byte
	return string(tokenEncoding.AppendEncode(token[:0], sealed))
}

// Decode returns the address in the token. An IPv4-mapped address is returned
// as IPv4. The error is [ErrorBase64] or [ErrorCipher].
func (c Cipher) Decode(token string) (netip.Addr, error) {
	if err := checkToken(token); err != nil {
		return netip.Addr{}, err
	}
	var buffer [maxSealed + maxPlaintext]byte
	sealed, err := tokenEncoding.AppendDecode(buffer[:0:maxSealed], []byte(token))
	if err != nil { // unused bits of the last character are not zero
		return netip.Addr{}, ErrorBase64
	}
	if c.ring == nil {
		return netip.Addr{}, ErrorCipher
	}
	for _, aead := range c.ring.aeads {
		plaintext, err := aead.Open(buffer[maxSealed:maxSealed], nil, sealed, additionalData)
		if err != nil {
			continue
		}
		// With a token of this length, 4 or 16 bytes are left.
		addr, _ := netip.AddrFromSlice(plaintext)
		return addr.Unmap(), nil
	}
	return netip.Addr{}, ErrorCipher
}

// checkToken checks the alphabet, then the length. The order is part of the
// format: for a token with several faults all languages return the same error.
func checkToken(token string) error {
	for i := range len(token) {
		if !inAlphabet(token[i]) {
			return ErrorBase64
		}
	}
	if len(token) != tokenIPv4 && len(token) != tokenIPv6 {
		return ErrorCipher
	}
	return nil
}

// inAlphabet reports whether c is one of the 64 characters of base64url.
func inAlphabet(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

// String returns the number of keys, and nothing else about them.
func (c Cipher) String() string {
	if c.ring == nil {
		return "doorscaddy.Cipher(no key)"
	}
	return fmt.Sprintf("doorscaddy.Cipher(keys: %d)", len(c.ring.aeads))
}

// GoString returns the same as [Cipher.String].
func (c Cipher) GoString() string { return c.String() }

// Format prints [Cipher.String] for every verb and flag, so that no format
// shows a key.
func (c Cipher) Format(state fmt.State, verb rune) {
	io.WriteString(state, c.String())
}

// Interface guard
var _ TokenCipher = Cipher{}
