"""Adds the native library to the wheel: what DOORS_CADDY_LIBRARY names, or what cargo builds from rust/capi of this repository."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import platform_tags

# The link-time optimisation of the release profile needs --crate-type. The library must catch panics, whatever the user's own
# profile says.
CARGO = [
    *("cargo", "rustc", "--release", "--locked", "-p", "doors_caddy", "--lib", "--crate-type", "cdylib"),
    *("--config", 'profile.release.panic="unwind"', "--message-format", "json-render-diagnostics"),
]


def built(repository: Path) -> str:
    """Builds the library and returns its path."""
    output = subprocess.run(CARGO, cwd=repository, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = [json.loads(line) for line in output.splitlines()]
    [artifact] = [m for m in messages if m["reason"] == "compiler-artifact" and m["target"]["name"] == "doors_caddy"]
    [library] = artifact["filenames"]
    return str(library)


def platform_of(library: str) -> str:
    """Returns the platform tag of a library: the oldest glibc that has every symbol it needs, or the musl of this machine."""
    needed = re.findall(rb"GLIBC_(\d+)\.(\d+)\0", Path(library).read_bytes())
    start = "manylinux_%d_%d_" % max((int(major), int(minor)) for major, minor in needed) if needed else "musllinux_"
    return next(tag for tag in platform_tags() if tag.startswith(start))


class CustomBuildHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        library = os.environ.get("DOORS_CADDY_LIBRARY") or built(Path(self.root, "../.."))
        build_data["force_include"][library] = "doors_caddy/_native/libdoors_caddy.so"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_of(library)}"
