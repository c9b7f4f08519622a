# Names for the scripts; each also runs alone.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup library header build demo rollout simulate test bench scale fuzz fmt lint clean

# What bin/caddy is made of.
sources := $(shell find Cargo.toml Cargo.lock rust include go.mod routing caddy xcaddy.sh scripts tools \
	-type f -not -path 'rust/*/tests/*' -not -path 'rust/fuzz/*' -not -path 'scripts/test/*' \
	-not -name '*_test.go' 2>/dev/null)

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile

setup: ## install what a build needs (the other targets do it by themselves, each stage of the tests for itself)
	@scripts/setup.sh

library: ## the Rust static library and its pkg-config file, in target/
	@scripts/library.sh

header: ## write include/doors_caddy.h anew, and what is made of it: rust/capi/abi.json, docs/c-api.md, numbers of bindings
	@for task in header abi reference python ctypes node java; do cargo run --quiet --locked -p xtask -- $$task || exit; done

build: bin/caddy ## Caddy with this module, bin/caddy (see also ./xcaddy.sh --help)

bin/caddy: $(sources)
	@scripts/setup.sh demo
	@./xcaddy.sh --output bin/caddy

demo: ## rollouts to look at, in a browser, until Ctrl-C (ARGS=-help: options)
	@scripts/demo.sh $(ARGS)

rollout: bin/caddy ## deployments, faults and reloads under hundreds of visitors; a table (ARGS=-help: options)
	@scripts/rollout.sh $(ARGS)

simulate: ## proxies, pods, name servers and browsers in virtual time, and what must hold for them (ARGS=--help: options)
	@cargo run --quiet --locked --profile simulate -p doors_simulator -- $(ARGS)

test: ## every test, as CI runs it; one stage alone: scripts/test.sh NAME
	@scripts/test.sh

bench: ## measure on an idle machine (20 to 25 minutes) and write BENCHMARKS.md; BENCH_QUICK=1: a look, in three minutes
	@scripts/bench.sh

scale: bin/caddy ## load 100,000 upstreams and reload 1,000 times: CPU time and memory, and their limits
	@scripts/scale.sh

fuzz: ## every fuzz target for 5 minutes (ARGS='--seconds 60 token': how long, which)
	@scripts/fuzz.sh $(ARGS)

fmt: ## format Rust and Go
	@cargo fmt --all
	@cargo fmt --manifest-path rust/fuzz/Cargo.toml
	@cargo fmt --manifest-path examples/pingora-proxy/Cargo.toml
	@gofmt -w *.go routing demo caddy tests benchmarks

lint: ## formatting, static checks, and the tests of the scripts
	@scripts/test.sh setup library scripts rustfmt clippy rustdoc header go_format go_vet

clean: ## remove what was built (not the tools in the cache folder)
	@rm -rf target bin
