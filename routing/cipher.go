package routing

// #include "doors_caddy.h"
import "C"

import (
	"net/netip"
	"runtime"
	"sync/atomic"
	"unsafe"
)

// Cipher turns addresses into tokens and back, like
// [github.com/doors-dev/doors-caddy.Cipher] in pure Go. The package comment
// describes concurrency and memory.
type Cipher struct {
	handle *C.doors_cipher
	_      unshared
}

var liveCiphers atomic.Int64

// NewCipher returns a cipher for a secret: one to eight keys separated by white
// space, each the standard base64 of 16, 24 or 32 bytes. The first key
// encrypts, and all of them decrypt. The error is an [*Error] with
// [StatusSecret] and the index of the key. It never contains a key.
func NewCipher(secret string) (*Cipher, error) {
	if abiProblem != nil {
		return nil, abiProblem
	}
	var handle *C.doors_cipher
	var problem C.doors_error
	text, length := flat(secret)
	if err := errorOf(C.doors_cipher_new(text, length, &handle, &problem), &problem); err != nil {
		return nil, err
	}
	cipher := &Cipher{handle: handle}
	liveCiphers.Add(1)
	runtime.AddCleanup(cipher, freeCipher, handle)
	return cipher, nil
}

func freeCipher(handle *C.doors_cipher) {
	C.doors_cipher_free(handle)
	liveCiphers.Add(-1)
}

// Encode returns a new token for the address: 43 characters for IPv4, 59 for
// IPv6. An IPv4-mapped address counts as IPv4, and a zone is dropped. The error
// is [StatusAddress] for the zero Addr, or [StatusRandom].
func (c *Cipher) Encode(addr netip.Addr) (string, error) {
	address := flatAddr(addr)
	var token [C.DOORS_TOKEN_SIZE]byte
	var size C.size_t
	status := C.doors_cipher_encode(c.handle, &address,
		(*C.char)(unsafe.Pointer(&token[0])), C.size_t(len(token)), &size)
	runtime.KeepAlive(c)
	if err := statusOf(status); err != nil {
		return "", err
	}
	return string(token[:size]), nil
}

// Decode returns the address in the token. The error is [StatusTokenFormat] or
// [StatusTokenRefused].
func (c *Cipher) Decode(token string) (netip.Addr, error) {
	text, length := flat(token)
	var out C.doors_addr
	var key C.uint32_t
	status := C.doors_cipher_decode(c.handle, text, length, &out, &key)
	runtime.KeepAlive(c)
	if err := statusOf(status); err != nil {
		return netip.Addr{}, err
	}
	return addressOf(&out), nil
}
