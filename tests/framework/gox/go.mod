module github.com/doors-dev/gox

go 1.24
