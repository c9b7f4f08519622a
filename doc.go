// Package doorscaddy is for Doors apps behind Caddy with doors-caddy. It makes
// the token by which Caddy finds the pod of a page, and runs the app's server
// so that no page is lost when the pod is told to stop.
//
// At start a pod encrypts its own IP address and gives the resulting token to
// Doors as the id of the server. Each system request of a page then has the
// token in its path, and each page load may have it in a cookie. Caddy has the
// same secret, decrypts the token and dials the pod. Two calls are enough,
// [IDFromEnv] and [Serve]:
//
//	id, err := doorscaddy.IDFromEnv()
//	if err != nil {
//		return err
//	}
//	app := doors.NewApp(page, doors.WithID(id), doors.WithIDCookie("upstream"))
//	return doorscaddy.Serve(&http.Server{Addr: ":8080"}, app)
//
// # Token format
//
// A token is the base64url encoding without padding (RFC 4648, section 5) of a
// random nonce of 12 bytes, the encrypted address of 4 or 16 bytes, and a tag
// of 16 bytes. The encryption is AES-GCM (NIST SP 800-38D) with the additional
// data "doors-pod-ip-v1". A token has 43 characters for IPv4 and 59 for IPv6.
//
// A token is a routing hint, not a credential: anybody who has seen one can use
// it. It hides the address, and cannot be made without a key.
//
// The package imports only the standard library and needs no cgo.
package doorscaddy
