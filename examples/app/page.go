// This example is a whole app behind Caddy. main.go is the program in the README, and this file is
// its page, a counter.
//
//	export DOORS_SECRET="$(openssl rand -base64 32)" POD_IP=127.0.1.1
//	go mod tidy && go run .
//
// Give Caddy the same secret, with `host 127.0.1.1`, `pod_cidr 127.0.1.1/32` and `upstream_port
// 8080`.
package main

import (
	"context"
	"errors"

	"github.com/doors-dev/doors"
	"github.com/doors-dev/gox"
)

// page is called for each page load.
func page(context.Context, doors.Request) gox.Comp { return counter{doors.NewSource(0)} }

// counter counts clicks in the memory of this process, so its page must stay on this process.
type counter struct{ clicks doors.Source[int] }

// Main is what gox would generate from a .gox file. errors.Join evaluates its arguments in order.
func (c counter) Main() gox.Elem {
	return func(to gox.Cursor) error {
		return errors.Join(
			to.Raw("<!doctype html>"),
			to.Init("html"), to.Submit(),
			to.Init("head"), to.Submit(),
			to.Init("title"), to.Submit(), to.Text("Clicks"), to.Close(),
			to.Close(),
			to.Init("body"), to.Submit(),
			to.Init("button"), to.Modify(doors.AClick{On: c.click}), to.Submit(), to.Text("Click"), to.Close(),
			to.Any(c.clicks.Bind(show)),
			to.Close(),
			to.Close(),
		)
	}
}

func (c counter) click(ctx context.Context, _ doors.RequestPointer) (last bool) {
	c.clicks.Mutate(ctx, func(clicks int) int { return clicks + 1 })
	return false
}

func show(clicks int) gox.Elem {
	return func(to gox.Cursor) error { return to.Any(clicks) }
}
