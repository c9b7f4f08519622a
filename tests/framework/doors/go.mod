module github.com/doors-dev/doors

go 1.24

require github.com/doors-dev/gox v0.0.0

replace github.com/doors-dev/gox => ../gox
