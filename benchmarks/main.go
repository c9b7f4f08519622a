// Command benchmarks measures the cost of a decision and the cost of a request in a whole Caddy.
// `make bench` runs all of it, and scripts/run/profile.sh its profiles.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/doors-dev/doors-caddy/benchmarks/contenders"
	"github.com/doors-dev/doors-caddy/benchmarks/pages"
	"github.com/doors-dev/doors-caddy/benchmarks/proxy"
)

const usage = `usage: benchmarks COMMAND [OPTION...]; COMMAND -help lists its options
  measure  takes figures and adds them to a file
  report   writes BENCHMARKS.md and its pictures from that file
  profile  takes CPU profiles of both Caddys while they serve one kind of request`

func main() {
	err := run(os.Args[1:], os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "benchmarks:", err)
		os.Exit(1)
	}
}

// children are the functions of this program when it has started itself.
var children = map[string]func(arguments []string) error{
	proxy.PodsArgument: proxy.RunPods, pages.PodArgument: pages.RunPod, pages.PortsArgument: pages.RunPorts,
}

// run executes a command and writes progress and tables to log.
func run(arguments []string, log io.Writer) error {
	if len(arguments) == 0 {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet(arguments[0], flag.ContinueOnError)
	flags.SetOutput(log)
	if run := children[arguments[0]]; run != nil { // started by this program
		return run(arguments[1:])
	}
	switch command := arguments[0]; command {
	case "measure":
		m := measurement{log: log, pace: full}
		binaryFlags(flags, &m.binaries)
		quick := flags.Bool("quick", false, "take a tenth of the time: for a look")
		only := flags.String("only", strings.Join(parts, ","), "`parts` to measure, separated by commas")
		flags.StringVar(&m.file, "results", "target/benchmarks/results.json", "the `file` of the results; other parts in it stay")
		flags.StringVar(&m.criterion, "criterion", "target/criterion", "the `folder` with criterion's results")
		flags.StringVar(&m.instructions, "instructions", "tests/instructions/figures.txt", "the `file` with counts of instructions")
		if err := flags.Parse(arguments[1:]); err != nil {
			return err
		}
		if *quick {
			m.pace = quickly
		}
		return m.measure(strings.Split(*only, ","))
	case "report":
		file := flags.String("results", "target/benchmarks/results.json", "the `file` of the results")
		folder := flags.String("folder", "target/benchmarks", "the `folder` that stands for the top of the repository")
		if err := flags.Parse(arguments[1:]); err != nil {
			return err
		}
		return writeReport(*file, *folder, log)
	case "profile":
		var p proxy.Profile
		binaryFlags(flags, &p.Binaries)
		flags.StringVar(&p.Scenario, "scenario", "normal", "`name`: normal, sticky or system")
		flags.StringVar((*string)(&p.Protocol), "protocol", string(proxy.HTTP1), "h1 or h2")
		flags.IntVar(&p.Upstreams, "upstreams", 0, "`count` of upstreams of one pod each in our Caddy; 0 for one upstream with three pods")
		flags.DurationVar(&p.Duration, "duration", 10*time.Second, "how long")
		flags.StringVar(&p.Folder, "folder", "target/profile", "where ours.pprof and stock.pprof are written")
		if err := flags.Parse(arguments[1:]); err != nil {
			return err
		}
		return p.Take(log)
	}
	return errors.New(usage)
}

func binaryFlags(flags *flag.FlagSet, binaries *contenders.Binaries) {
	flags.StringVar(&binaries.Ours, "caddy", "bin/caddy", "our `binary`")
	flags.StringVar(&binaries.Stock, "stock", "bin/caddy-stock", "the stock `binary` of the same version")
}
