package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"strings"
)

const additionalData = "doors-pod-ip-v1"

// The keys of all vectors. They are published, so never use them elsewhere.
var (
	keyA16 = testKey("a", 16)
	keyA24 = testKey("a", 24)
	keyA32 = testKey("a", 32)
	keyB16 = testKey("b", 16)
	keyB32 = testKey("b", 32)
	keyC24 = testKey("c", 24)
	keyC32 = testKey("c", 32)
)

func testKey(name string, size int) []byte {
	sum := sha256.Sum256([]byte("doors-caddy test key " + name))
	return sum[:size]
}

// secretOf returns keys as users write them.
func secretOf(keys ...[]byte) string {
	texts := make([]string, len(keys))
	for i, key := range keys {
		texts[i] = base64.StdEncoding.EncodeToString(key)
	}
	return strings.Join(texts, " ")
}

// manyKeys returns n different keys of 32 bytes.
func manyKeys(n int) [][]byte {
	keys := make([][]byte, n)
	for i := range keys {
		keys[i] = testKey("many "+string(rune('0'+i)), 32)
	}
	return keys
}

// sealBytes returns nonce, ciphertext and tag.
func sealBytes(key, nonce, plaintext []byte, data string) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead.Seal(append([]byte(nil), nonce...), nonce, plaintext, []byte(data))
}

func nonceOf(name string) []byte {
	sum := sha256.Sum256([]byte("doors-caddy test nonce " + name))
	return sum[:12]
}

func text(sealed []byte) string { return base64.RawURLEncoding.EncodeToString(sealed) }

// sealText returns the token of an address exactly as given: an IPv4-mapped address stays 16 bytes
// long. The nonce is derived from the name.
func sealText(key []byte, name, address string) string {
	return text(sealBytes(key, nonceOf(name+" "+address), netip.MustParseAddr(address).AsSlice(), additionalData))
}

// sealWith returns a token of the address that contains the character c.
func sealWith(key []byte, address string, c string) string {
	for n := 0; ; n++ {
		token := sealText(key, "search "+strings.Repeat("x", n), address)
		if strings.Contains(token, c) {
			return token
		}
	}
}

// canonical returns the text of an address as every language prints it.
func canonical(address string) string { return netip.MustParseAddr(address).Unmap().String() }

func addressBytes(address string) []byte { return netip.MustParseAddr(address).AsSlice() }
