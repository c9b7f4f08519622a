module github.com/doors-dev/doors-caddy/benchmarks

go 1.26.0

require (
	github.com/doors-dev/doors-caddy v0.2.0
	github.com/doors-dev/doors-caddy/tests/e2e v0.0.0
)

require (
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
)

replace (
	github.com/doors-dev/doors-caddy => ../
	github.com/doors-dev/doors-caddy/tests/e2e => ../tests/e2e
)
