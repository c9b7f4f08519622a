#!/usr/bin/env bash
# The stages of `make test`, with one function for each:  scripts/stages.sh NAME Each stage is a separate
# process, so that the first failing command ends it.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"
. "$doors_root/scripts/versions.sh"
cd -- "$doors_root"

# The flags that xcaddy uses, so that compiled packages are shared.
shared_flags=(-trimpath)

# All Go modules, and the packages of the root module that do not use cgo.
modules=(. caddy plugin tests/e2e tests/deploy tests/install benchmarks tools)
pure_packages() { CGO_ENABLED=0 go list ./... | grep -v -x github.com/doors-dev/doors-caddy/routing; }

# A temporary registry failure should not fail the tests.
three_times() {
    local attempt
    for attempt in 1 2 3; do
        "$@" && return 0
        printf 'attempt %d of 3 failed: %s\n' "$attempt" "$*" >&2
        sleep "$((attempt * 5))"
    done
    return 1
}

shell_files() { find xcaddy.sh .ci/run scripts tests deploy -type f \( -name '*.sh' -o -name run \) | sort; }

# Installs what every stage needs. test.sh installs the rest stage by stage.
stage_setup() { scripts/tools.sh; }

stage_download() {
    three_times cargo fetch --locked
    three_times cargo fetch --locked --manifest-path rust/fuzz/Cargo.toml
    three_times cargo fetch --locked --manifest-path examples/pingora-proxy/Cargo.toml
    local module
    for module in "${modules[@]}"; do
        (cd -- "$module" && three_times go mod download)
    done
}

# Runs in a folder without files that the scripts source, because shellcheck looks there first.
stage_shellcheck() {
    local files
    mapfile -t files < <(shell_files)
    (cd scripts/test && shellcheck --source-path="SCRIPTDIR:$doors_root" "${files[@]/#/$doors_root/}")
}

stage_scripts() {
    stage_shellcheck
    go tool -modfile=tools/go.mod actionlint
    scripts/test/environment.sh
    scripts/test/library.sh
    scripts/test/versions.sh
    scripts/test/bindings.sh
    scripts/test/missing_tools.sh
    scripts/test/instructions.sh
    scripts/test/demo.sh
    scripts/test/release.sh
}

stage_rustfmt() {
    cargo fmt --all --check
    cargo fmt --manifest-path rust/fuzz/Cargo.toml --check
    cargo fmt --manifest-path examples/pingora-proxy/Cargo.toml --check
}
stage_clippy() {
    cargo clippy --workspace --all-targets --locked -- -D warnings -D clippy::incompatible_msrv
    CARGO_TARGET_DIR=$doors_root/target/fuzz cargo clippy --manifest-path rust/fuzz/Cargo.toml \
        --lib --tests --examples --locked -- -D warnings
}
stage_rust() { cargo test --workspace --locked; }
# Simulates worlds in virtual time: first with the real core, then with planted faults, which must be found.
stage_simulator() {
    cargo run --quiet --locked --profile simulate -p doors_simulator -- --seeds 600
    scripts/stages/simulate-faults.sh
}
# Uses the packages for crates.io in empty projects.
stage_crates() { scripts/stages/crates.sh; }
stage_rustdoc() { RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --locked; }
stage_header() {
    local task
    for task in header abi reference python ctypes node java; do cargo run --locked -p xtask -- "$task" --check; done
}

stage_library() { scripts/library.sh; }
stage_c() { tests/c/run.sh; }
stage_instructions() { scripts/stages/instructions.sh; }
stage_sanitize() { scripts/stages/sanitize.sh; }
stage_fuzz() { scripts/stages/fuzz.sh --short; }
stage_cargo_c() { scripts/cargo-tool.sh cargo-c; }
stage_cargo_fuzz() { scripts/cargo-tool.sh cargo-fuzz; }
stage_package() { scripts/stages/package.sh; }
stage_conformance() { scripts/stages/conformance.sh; }

stage_go_format() {
    local found module
    found=$(find . \( -path ./target -o -path ./bin -o -name node_modules \) -prune -o -name '*.go' -print |
        tr '\n' '\0' | xargs -0 gofmt -l)
    if [ -n "$found" ]; then
        printf 'gofmt would change:\n%s\n' "$found" >&2
        return 1
    fi
    for module in "${modules[@]}"; do
        (cd -- "$module" && go mod tidy -diff)
    done
    # Every app that uses the root package inherits its requirements, so it must not have any.
    if grep -n require go.mod; then
        printf 'go.mod requires a module, but the root module may only use the standard library\n' >&2
        return 1
    fi
}

stage_go_vet() {
    local module
    for module in . caddy plugin tests/e2e tests/deploy tests/install benchmarks; do
        (cd -- "$module" && go vet "${shared_flags[@]}" ./...)
    done
}

stage_go_root() {
    local packages
    mapfile -t packages < <(pure_packages)
    [ "${#packages[@]}" -gt 0 ]
    CGO_ENABLED=0 go test -timeout 5m "${shared_flags[@]}" .
    go test -timeout 5m -race "${shared_flags[@]}" "${packages[@]}"
}

# Checks the example app with the real framework, if the module proxy has it. The tests of the documents use the
# stand-in in tests/framework.
stage_example_app() { scripts/stages/example-app.sh; }

stage_go_binding() {
    go test -timeout 5m -race "${shared_flags[@]}" ./routing
    # The checker must first report a real fault.
    local report
    if report=$(GOEXPERIMENT=cgocheck2 go run "${shared_flags[@]}" ./tests/hostile/stored 2>&1) ||
        ! grep -q 'Go pointer stored into non-Go memory' <<<"$report"; then
        printf '%s\ncgocheck2 did not report the Go pointer stored in C memory\n' "$report" >&2
        return 1
    fi
    GOEXPERIMENT=cgocheck2 go test -timeout 5m "${shared_flags[@]}" ./routing
}

stage_module() {
    local module
    for module in caddy plugin; do
        (cd -- "$module" && go test -timeout 15m -race "${shared_flags[@]}" ./...)
    done
}

# Checks the sample of docs/migrate.md with the geolocation plugin, if the module proxy has it.
stage_geolocation() { scripts/stages/geolocation.sh; }

stage_caddy() { ./xcaddy.sh "$caddy_default" --output bin/caddy; }
stage_caddy_race() { ./xcaddy.sh "$caddy_default" --race --output bin/caddy-race; }
stage_caddy_stock() { scripts/run/stock.sh "$caddy_default" "$doors_root/bin/caddy-stock"; }
stage_caddy_static() {
    ./xcaddy.sh "$caddy_default" --static --output bin/caddy-static
    scripts/run/stock.sh --static "$caddy_default" "$doors_root/bin/caddy-stock-static"
}

# Runs one package at a time. The tests measure streams, so they must not compete for CPU time.
stage_e2e() { (cd tests/e2e && go test -count=1 -p 1 -timeout 15m "${shared_flags[@]}" ./...); }

# Checks the files in deploy/ with the programs that will read them: systemd, Caddy, Kubernetes, Docker
# Compose.
stage_deploy() {
    three_times scripts/stages/kubernetes-validate.sh
    (cd tests/deploy && go test -count=1 -timeout 5m "${shared_flags[@]}" ./...)
}

# Makes the files of a release twice.
stage_dist() { three_times scripts/stages/kubernetes-validate.sh >/dev/null && scripts/test/dist.sh; }

# Runs the Dockerfile command by command in clean root folders, and installs the packages of target/dist there.
stage_install() { (cd tests/install && go test -count=1 -timeout 20m "${shared_flags[@]}" .); }

# Checks that the benchmarks run and that their report is generated. The figures do not matter here.
stage_benchmarks() { (cd benchmarks && go test -count=1 -timeout 10m "${shared_flags[@]}" ./...); }

# Tests another proxy built on the library, under the same deployments and faults.
stage_pingora_build() { CARGO_TARGET_DIR=target/pingora cargo build --locked --manifest-path examples/pingora-proxy/Cargo.toml; }
stage_pingora() {
    scripts/run/rollout.sh -proxy pingora -short -one-machine
    (cd tests/e2e && go test -count=1 -timeout 5m "${shared_flags[@]}" ./rollout/proxy \
        -pingora "$doors_root/target/pingora/debug/doors-pingora-proxy")
}

# Deploys and injects faults under load. Every number in the table must be 0.
stage_rollout() { scripts/run/rollout.sh -short; }

if [ $# -ne 1 ] || ! declare -F "stage_$1" >/dev/null; then
    printf 'usage: scripts/stages.sh NAME, one of:' >&2
    declare -F | sed -n 's/^declare -f stage_/ /p' | tr -d '\n' >&2
    printf '\n' >&2
    exit 2
fi
"stage_$1"
