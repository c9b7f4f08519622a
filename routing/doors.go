// Package routing takes routing decisions for Doors apps with the Rust library
// doors_caddy: a thin cgo binding of its C API.
//
//	router, err := routing.NewRouter(config)
//	...
//	decision, err := router.Decide(r.URL.EscapedPath(), r.Header.Get("Cookie"))
//	if decision.Kind == routing.Pod {
//		dial(decision.Addr, decision.Port)
//	}
//
// What a token, a CIDR and a cookie mean is known to the library only; this
// package passes bytes in and numbers out. A decision and a lookup allocate
// nothing.
//
// A [Source] says more than a [Router]: for each [Request], step by step, what to
// do until a pod answers it.
//
// A [Router], [Source], [Cipher] or [CIDRs] never changes. They, and [State],
// which does, may be used by any number of goroutines at the same time. Their
// memory in the library is freed some time after the last use, by a cleanup of the
// garbage collector; nothing needs to be closed. The zero values are of no use: they
// find nothing, or return [StatusNullPointer].
//
// Building needs cgo (CGO_ENABLED=1 and a C compiler) and the library, found
// through pkg-config as doors_caddy. In a clone of the repository "make library"
// builds it, and ". scripts/env.sh" after that sets PKG_CONFIG_PATH, and CGO_CFLAGS
// so that Go sees a library that has changed. Where that is not done, Go's cache
// keeps the old library: "go build -a" takes the new one.
//
// Apps that only make tokens want the parent package doorscaddy, which is pure
// Go.
package routing
