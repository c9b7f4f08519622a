module github.com/doors-dev/doors-caddy

go 1.24
