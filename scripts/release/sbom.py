#!/usr/bin/env python3
"""Writes a software bill of materials for a Caddy binary and the packages, in CycloneDX 1.6:  scripts/release/sbom.py CADDY VERSION >FILE

The Go modules are those that the binary itself names, the Rust crates those of doors_caddy without what only builds or
tests need. Besides them there are the standard libraries of both languages and, in a static binary, the C library. The packages
for Python, Node and Java contain the same crates; what else they need follows from their own files. SOURCE_DATE_EPOCH is its
time.
"""

import datetime
import json
import os
import pathlib
import subprocess
import sys
import tomllib
import xml.etree.ElementTree


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def crates():
    """The crates linked into doors_caddy: the components, and the dependencies of each."""
    host = next(line.split()[1] for line in output("rustc", "-vV").splitlines() if line.startswith("host:"))
    metadata = json.loads(output("cargo", "metadata", "--format-version=1", "--locked", f"--filter-platform={host}"))
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    checksums = {
        (package["name"], package["version"]): package.get("checksum")
        for package in tomllib.loads(pathlib.Path("Cargo.lock").read_text())["package"]
    }
    purl = lambda package: f"pkg:cargo/{package['name']}@{package['version']}"
    components, needs = [], {}
    waiting = [id for id, package in packages.items() if package["name"] == "doors_caddy"]
    while waiting:
        package = packages[waiting.pop()]
        if purl(package) in needs:
            continue
        linked = [
            dependency["pkg"]
            for dependency in nodes[package["id"]]["deps"]
            if any(kind["kind"] is None for kind in dependency["dep_kinds"])
            and not any("proc-macro" in target["kind"] for target in packages[dependency["pkg"]]["targets"])
        ]
        needs[purl(package)] = [purl(packages[id]) for id in linked]
        waiting += linked
        component = {"type": "library", "bom-ref": purl(package), "name": package["name"], "version": package["version"]}
        if checksum := checksums[package["name"], package["version"]]:
            component["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        # Some crates still write "MIT/Apache-2.0".
        component["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
        component["purl"] = purl(package)
        components.append(component)
    return components, needs


def modules(caddy):
    """The Go modules that a binary lists."""
    components = []
    for line in output("go", "version", "-m", caddy).splitlines():
        match line.strip().split("\t"):
            case ["dep", path, version, *checksum]:
                component = {"type": "library", "bom-ref": f"pkg:golang/{path}@{version}", "name": path, "version": version}
                component["purl"] = component["bom-ref"]
                if checksum:
                    component["properties"] = [{"name": "go:h1", "value": checksum[0]}]
                components.append(component)
            case ["=>", *_]:
                sys.exit(f"sbom.py: {caddy} was built with a replaced module, which has no public name: {line.strip()}")
    return components


def packages():
    """The packages for other languages, each with what it needs besides the crates."""
    node = json.loads(pathlib.Path("bindings/node/package.json").read_text())["dependencies"]
    java = xml.etree.ElementTree.parse("bindings/java/pom.xml").findall("{*}dependencies/{*}dependency")
    maven = [[dependency.findtext(f"{{*}}{tag}") for tag in ("groupId", "artifactId", "version")] for dependency in java]
    yield "pkg:pypi/doors-caddy", []
    yield "pkg:npm/doors-caddy", [(f"pkg:npm/{name}", version) for name, version in node.items()]
    yield "pkg:maven/dev.doors/doors-caddy", [(f"pkg:maven/{group}/{name}", version) for group, name, version in maven]


def library(purl, version):
    name = purl.rsplit("/", 1)[1]
    return {"type": "library", "bom-ref": f"{purl}@{version}", "name": name, "version": version, "purl": f"{purl}@{version}"}


def standard(caddy):
    """The standard libraries of Go and Rust, and that of C if it is linked in."""
    go = output("go", "version", caddy).split()[-1].removeprefix("go")
    rust = output("rustc", "--version").split()[1]
    yield "pkg:golang/std", go
    yield "pkg:generic/rust-std", rust
    if "INTERP" not in output("readelf", "--program-headers", "--wide", caddy):
        yield "pkg:generic/glibc", output("getconf", "GNU_LIBC_VERSION").split()[1]


def main():
    caddy, version = sys.argv[1:]
    components, needs = crates()
    components += modules(caddy)
    components += [library(purl, number) for purl, number in standard(caddy)]
    top, crate = f"pkg:github/doors-dev/doors-caddy@v{version}", f"pkg:cargo/doors_caddy@{version}"
    needs[top] = [component["bom-ref"] for component in components if not component["bom-ref"].startswith("pkg:cargo/")] + [crate]
    for purl, others in packages():
        parts = [library(purl, version), *(library(*other) for other in others)]
        components += parts
        needs[f"{purl}@{version}"] = [crate, *(part["bom-ref"] for part in parts[1:])]
    components.sort(key=lambda component: component["bom-ref"])
    time = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    json.dump(
        {
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": {
                "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "component": {
                    "type": "application",
                    "bom-ref": top,
                    "name": "doors-caddy",
                    "version": version,
                    "licenses": [{"expression": "Apache-2.0"}],
                    "purl": top,
                },
            },
            "components": components,
            "dependencies": [{"ref": ref, "dependsOn": sorted(needs[ref])} for ref in sorted(needs)],
        },
        sys.stdout,
        indent=1,
    )
    sys.stdout.write("\n")


main()
