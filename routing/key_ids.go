package routing

// #include "doors_caddy.h"
import "C"

import "runtime"

// KeyIDs returns the ID of each key, 1 to 8 of them, in the order of the
// secret. An ID is the first 8 hexadecimal digits, in lower case, of the
// SHA-256 of "doors-key-id" followed by the key. IDs are not secret and can be
// logged and compared.
func (c *Cipher) KeyIDs() []string {
	var count C.uint32_t
	C.doors_cipher_keys(c.handle, &count)
	ids := keyIDs(count, func(index C.uint32_t, id *C.char) { C.doors_cipher_key_id(c.handle, index, id) })
	runtime.KeepAlive(c)
	return ids
}

// KeyIDs returns the ID of each key, as [Cipher.KeyIDs] does. [Decision.Key] is
// an index into them.
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
