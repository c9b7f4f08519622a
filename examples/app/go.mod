module github.com/doors-dev/doors-caddy/examples/app

go 1.25.1

require (
	github.com/doors-dev/doors v0.14.6
	github.com/doors-dev/doors-caddy v0.2.0
	github.com/doors-dev/gox v0.2.1
)

replace github.com/doors-dev/doors-caddy => ../..
