// Package routing makes routing decisions for Doors apps. It is a thin cgo
// binding of the C API of the Rust library doors_caddy.
//
//	router, err := routing.NewRouter(config)
//	...
//	decision, err := router.Decide(r.URL.EscapedPath(), r.Header.Get("Cookie"))
//	if decision.Kind == routing.Pod {
//		dial(decision.Addr, decision.Port)
//	}
//
// A [Router] only decides. A [Source] goes further: for each [Request] it says,
// step by step, what to do until a pod has answered.
//
// The package has no policy of its own. The library alone parses tokens, CIDRs
// and cookies. Decisions and lookups do not allocate.
//
// A [Router], [Source], [Cipher] or [CIDRs] is immutable. These types and
// [State] are safe for concurrent use. Their memory in the library is freed by
// a cleanup of the garbage collector some time after the last use, so there is
// nothing to close. Their zero values find nothing, or return
// [StatusNullPointer].
//
// Building the package takes cgo (CGO_ENABLED=1 and a C compiler) and the
// library, which pkg-config must find as doors_caddy. In a clone of the
// repository, "make library" builds it. Then ". scripts/env.sh" sets
// PKG_CONFIG_PATH, and CGO_CFLAGS so that Go notices a changed library. Without
// the latter Go's cache keeps the old library, and "go build -a" is needed.
//
// For apps that only make tokens, the parent package doorscaddy is enough. It
// is pure Go.
package routing
