module github.com/doors-dev/doors-caddy/tests/deploy

go 1.26.0
