package routing

// In:  a cipher or a router.
// Out: the public names of its keys.

// #include "doors_caddy.h"
import "C"

import "runtime"

// KeyIDs returns the public name of each key, 1 to 8, in the order of the
// secret: the first 8 hexadecimal digits, in lower case, of the SHA-256 of
// "doors-key-id" followed by the key's bytes. They are no secret: they are there
// to be logged and compared.
func (c *Cipher) KeyIDs() []string {
	var count C.uint32_t
	C.doors_cipher_keys(c.handle, &count)
	ids := keyIDs(count, func(index C.uint32_t, id *C.char) { C.doors_cipher_key_id(c.handle, index, id) })
	runtime.KeepAlive(c)
	return ids
}

// KeyIDs returns the public name of each key, as [Cipher.KeyIDs]. Their indices
// are those of [Decision.Key].
func (r *Router) KeyIDs() []string {
	var count C.uint32_t
	C.doors_router_keys(r.handle, &count)
	ids := keyIDs(count, func(index C.uint32_t, id *C.char) { C.doors_router_key_id(r.handle, index, id) })
	runtime.KeepAlive(r)
	return ids
}

func keyIDs(count C.uint32_t, write func(C.uint32_t, *C.char)) []string {
	ids := make([]string, count)
	for i := range ids {
		var id [C.DOORS_KEY_ID_SIZE]C.char
		write(C.uint32_t(i), &id[0])
		ids[i] = C.GoString(&id[0])
	}
	return ids
}
