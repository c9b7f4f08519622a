// Package doorscaddy is for apps behind Caddy with doors-caddy: it makes the
// token by which Caddy finds the pod of a Doors page, and runs the server of
// the app so that no page is lost when the pod is told to stop.
//
// A pod encrypts its own IP address once at start and gives the token to Doors
// as the id of the server. Every system request of a page then carries the
// token in its path, every page load may carry it in a cookie, and Caddy, which
// holds the same secret, decrypts it and dials that pod. Two calls do it all,
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
// A token is base64url without padding (RFC 4648, section 5) of a 12-byte
// random nonce, the encrypted address of 4 or 16 bytes, and a 16-byte tag:
// AES-GCM (NIST SP 800-38D) with the additional data "doors-pod-ip-v1". It is
// 43 characters long for IPv4 and 59 for IPv6.
//
// A token is a routing hint, not a credential: whoever has seen one may repeat
// it. It hides the address and cannot be made without a key.
//
// The package uses the standard library only and needs no cgo.
package doorscaddy
