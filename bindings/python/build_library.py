"""Builds the native library with cargo from rust/capi of this repository, and adds it to the wheel."""

import json
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


class CustomBuildHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        built = subprocess.run(CARGO, cwd=Path(self.root, "../.."), check=True, stdout=subprocess.PIPE, text=True).stdout
        messages = [json.loads(line) for line in built.splitlines()]
        [artifact] = [m for m in messages if m["reason"] == "compiler-artifact" and m["target"]["name"] == "doors_caddy"]
        [library] = artifact["filenames"]
        build_data["force_include"][library] = "doors_caddy/_native/libdoors_caddy.so"
        build_data["pure_python"] = False
        # Fits any Python 3, and any C library at least as new as the one here. A tag with "linux" would not say which C library
        # is needed.
        platform = next(tag for tag in platform_tags() if not tag.startswith("linux"))
        build_data["tag"] = f"py3-none-{platform}"
