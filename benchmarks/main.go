// Command benchmarks measures what a decision costs, and what a request costs a whole Caddy; `make bench` runs all of it.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/doors-dev/doors-caddy/benchmarks/proxy"
)

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

const usage = "usage: benchmarks proxy|profile [OPTION...]; -help after one of them lists its options"

func run(arguments []string, log io.Writer) error {
	if len(arguments) == 0 {
		return fmt.Errorf(usage)
	}
	flags := flag.NewFlagSet(arguments[0], flag.ContinueOnError)
	flags.SetOutput(log)
	var binaries proxy.Binaries
	flags.StringVar(&binaries.Ours, "caddy", "bin/caddy", "our `binary`")
	flags.StringVar(&binaries.Stock, "stock", "bin/caddy-stock", "the stock `binary` of the same version")
	switch arguments[0] {
	case proxy.PodsArgument:
		return proxy.RunPods(arguments[1:])
	case "proxy":
		if err := flags.Parse(arguments[1:]); err != nil {
			return err
		}
		options := proxy.Quick
		options.Log = log
		if _, err := proxy.Compare(binaries, options); err != nil {
			return err
		}
		_, err := proxy.CompareServers(binaries, options)
		return err
	case "profile":
		scenario := flags.String("scenario", "normal", "`name`: normal, sticky or system")
		protocol := flags.String("protocol", string(proxy.HTTP1), "h1 or h2")
		servers := flags.Int("servers", 0, "`count` of servers with one pod each; 0 for one server with three pods, as stock Caddy has")
		duration := flags.Duration("duration", 10*time.Second, "how long")
		folder := flags.String("folder", "target/profile", "where the profiles are written")
		if err := flags.Parse(arguments[1:]); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Clean(*folder), 0o755); err != nil {
			return err
		}
		return proxy.Profile(binaries, *scenario, proxy.Protocol(*protocol), *servers, *duration, *folder, log)
	}
	return fmt.Errorf(usage)
}
