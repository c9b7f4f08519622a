package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

type acceptedSecret struct {
	Name   string `json:"name"`
	Secret string `json:"secret"`
	Keys   int    `json:"keys"`
	// KeyIDs are the IDs of the keys, in the order of the secret.
	KeyIDs []string `json:"key_ids"`
}

type refusedSecret struct {
	Name   string `json:"name"`
	Secret string `json:"secret"`
	Index  *int   `json:"index"`
}

type secrets struct {
	Accepted []acceptedSecret `json:"accepted"`
	Refused  []refusedSecret  `json:"refused"`
}

func secretVectors() secrets {
	var all secrets
	accept := func(name, secret string, keys int) {
		all.Accepted = append(all.Accepted, acceptedSecret{name, secret, keys, keyIDs(secret)})
	}
	refuse := func(name, secret string, index *int) {
		all.Refused = append(all.Refused, refusedSecret{name, secret, index})
	}
	good, other := secretOf(keyA32), secretOf(keyB32)

	for _, k := range namedKeys {
		accept(k.name, secretOf(k.key), 1)
	}
	for n := 2; n <= 8; n++ {
		accept(fmt.Sprintf("%d keys", n), secretOf(manyKeys(n)...), n)
	}
	accept("keys of all sizes", secretOf(keyA16, keyC24, keyB32), 3)
	accept("a key that begins like another", secretOf(keyA16, keyA24, keyA32), 3)
	for _, c := range []string{"\n", "\r\n", "\t", "\f", " \t\r\n "} {
		accept(fmt.Sprintf("separated by %q", c), good+c+other, 2)
	}
	accept("white space around", " \r\n\t"+good+"\n\n", 1)
	accept("a key of zero bytes", secretOf(make([]byte, 16)), 1)

	refuse("empty", "", nil)
	refuse("white space only", " \t\r\n ", nil)
	refuse("nine keys", secretOf(manyKeys(9)...), nil)
	refuse("nine keys, two the same", secretOf(append(manyKeys(8), testKey("many 0", 32))...), nil)
	for _, size := range []int{1, 8, 15, 17, 20, 23, 25, 31, 33, 48, 64, 4096} {
		refuse(fmt.Sprintf("key of %d bytes", size), secretOf(make([]byte, size)), index(0))
	}
	refuse("hexadecimal, which is base64 of 48 bytes", strings.Repeat("0123456789abcdef", 4), index(0))
	refuse("second key too short", good+" "+secretOf(make([]byte, 12)), index(1))
	refuse("last of eight keys too long", secretOf(append(manyKeys(7), make([]byte, 40))...), index(7))
	refuse("junk", "not-a-key", index(0))
	refuse("a placeholder", "{env.DOORS_SECRET}", index(0))
	refuse("second key is junk", good+" !!!!", index(1))
	refuse("without padding", strings.TrimRight(good, "="), index(0))
	refuse("too much padding", good+"=", index(0))
	refuse("AES-128 with one padding character of two", strings.TrimSuffix(secretOf(keyA16), "="), index(0))
	refuse("AES-192 needs no padding and gets some", secretOf(keyA24)+"==", index(0))
	refuse("padding only", "====", index(0))
	refuse("unused bits of the last character set", trailingPadded(good), index(0))
	refuse("URL-safe alphabet", urlSafe(), index(0))
	refuse("separated by a comma", good+","+other, index(0))
	refuse("separated by a comma and a space", good+", "+other, index(0))
	refuse("separated by a vertical tab", good+"\v"+other, index(0))
	refuse("separated by a no-break space", good+"\u00a0"+other, index(0))
	refuse("byte order mark in front", "\ufeff"+good, index(0))
	refuse("in quotes", `"`+good+`"`, index(0))
	refuse("non-ASCII letter", "é"+good[1:], index(0))
	refuse("the same key twice", good+" "+good, index(1))
	refuse("the third key is the first", good+" "+other+" "+good, index(2))
	refuse("the third key is the second", good+" "+other+" "+other, index(2))
	return all
}

// keyIDs returns the first 8 hexadecimal digits of the SHA-256 of "doors-key-id" and each key.
func keyIDs(secret string) (ids []string) {
	for _, text := range strings.Fields(secret) {
		key, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			panic(err)
		}
		ids = append(ids, fmt.Sprintf("%x", sha256.Sum256(append([]byte("doors-key-id"), key...)))[:8])
	}
	return ids
}

func index(i int) *int { return &i }

// trailingPadded sets an unused bit of the last character before the padding.
func trailingPadded(key string) string {
	const standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := strings.IndexByte(key, '=') - 1
	return key[:last] + standard[strings.IndexByte(standard, key[last])|1:][:1] + key[last+1:]
}

// urlSafe returns a key of 32 bytes in the URL-safe alphabet, with a character that the standard
// alphabet does not have.
func urlSafe() string {
	return base64.URLEncoding.EncodeToString([]byte(strings.Repeat("\xff\xfe\xfb", 11)[:32]))
}
