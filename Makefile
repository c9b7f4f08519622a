# Short names for the scripts, which can also be run directly.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup library header build demo rollout simulate test bench scale fuzz dist fmt lint clean

# The files that bin/caddy depends on.
sources := $(shell find Cargo.toml Cargo.lock rust include go.mod routing caddy xcaddy.sh scripts tools \
	-type f -not -path 'rust/*/tests/*' -not -path 'rust/fuzz/*' -not -path 'scripts/test/*' \
	-not -name '*_test.go' 2>/dev/null)

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' Makefile

setup: ## install what a build needs (done automatically by the other targets)
	@scripts/setup.sh

library: ## build the Rust static library and its pkg-config file in target/
	@scripts/library.sh

header: ## regenerate include/doors_caddy.h and the files that depend on it: abi.json, docs/c-api, bindings
	@for task in header abi reference python ctypes node java; do cargo run --quiet --locked -p xtask -- $$task || exit; done

build: bin/caddy ## build Caddy with this module as bin/caddy (see also ./xcaddy.sh --help)

bin/caddy: $(sources)
	@scripts/setup.sh demo
	@./xcaddy.sh --output bin/caddy

demo: ## show rollouts in a browser until Ctrl-C (ARGS=-help: options)
	@scripts/run/demo.sh $(ARGS)

rollout: bin/caddy ## test deployments, faults and reloads with hundreds of visitors (ARGS=-help: options)
	@scripts/run/rollout.sh $(ARGS)

simulate: ## simulate proxies, pods, name servers and browsers in virtual time (ARGS=--help: options)
	@cargo run --quiet --locked --profile simulate -p doors_simulator -- $(ARGS)

test: ## run all tests, as CI does; for one stage: scripts/test.sh NAME
	@scripts/test.sh

bench: ## measure on an idle machine in 20 to 25 minutes and write BENCHMARKS.md; BENCH_QUICK=1: three-minute check
	@scripts/run/bench.sh

scale: bin/caddy ## load 100,000 upstreams, reload 1,000 times, and check the limits on CPU time and memory
	@scripts/run/scale.sh

fuzz: ## run every fuzz target for 5 minutes (ARGS='--seconds 60 token': another time or target)
	@scripts/stages/fuzz.sh $(ARGS)

dist: ## tarballs, packages for Debian and other languages, an SBOM and checksums for this machine's architecture, from the commit, in target/dist/
	@scripts/setup.sh dist
	@scripts/release/dist.sh

fmt: ## format Rust and Go
	@cargo fmt --all
	@cargo fmt --manifest-path rust/fuzz/Cargo.toml
	@cargo fmt --manifest-path examples/pingora-proxy/Cargo.toml
	@gofmt -w *.go routing demo caddy tests benchmarks

lint: ## check formatting, run linters, and test the scripts
	@scripts/test.sh setup library scripts rustfmt clippy rustdoc header go_format go_vet

clean: ## remove build output (but not the tools in the cache folder)
	@rm -rf target bin
