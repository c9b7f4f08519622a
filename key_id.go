package doorscaddy

// In:  a key.
// Out: its public name, by which the keys of apps and proxies can be compared.

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// keyIDContext is hashed in front of the key: the id is no other kind of hash of
// it.
const keyIDContext = "doors-key-id"

// keyID is the first 8 hexadecimal digits, in lower case.
func keyID(key []byte) string {
	hash := sha256.New()
	hash.Write([]byte(keyIDContext))
	hash.Write(key)
	return hex.EncodeToString(hash.Sum(nil)[:4])
}

// KeyIDs returns a public name for each key, in the order of the secret: 8
// hexadecimal digits of a hash of the key. They tell nothing about the keys; log
// them, to compare the keys of an app with those of its proxies. The zero value
// has none.
func (c Cipher) KeyIDs() []string {
	if c.ring == nil {
		return nil
	}
	return slices.Clone(c.ring.ids)
}
