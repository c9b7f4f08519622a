package doorscaddy

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// keyIDContext is hashed before the key, so that the ID differs from any other
// hash of it.
const keyIDContext = "doors-key-id"

// keyID returns the first 8 hexadecimal digits of the hash, in lower case.
func keyID(key []byte) string {
	hash := sha256.New()
	hash.Write([]byte(keyIDContext))
	hash.Write(key)
	return hex.EncodeToString(hash.Sum(nil)[:4])
}

// KeyIDs returns an ID for each key, in the order of the secret: 8 hexadecimal
// digits of a hash of the key. They reveal nothing about the keys. Log them to
// compare the keys of an app with those of its proxies. The zero value has
// none.
func (c Cipher) KeyIDs() []string {
	if c.ring == nil {
		return nil
	}
	return slices.Clone(c.ring.ids)
}
