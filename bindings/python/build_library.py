"""Puts the native library into the wheel: cargo builds it from rust/capi of this repository."""

import json
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import platform_tags

# --crate-type makes the link-time optimisation of the release profile take effect. The library catches panics, whatever
# the user's profile says.
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
        # Any Python will do, and any C library that is no older than the one here: what "linux" alone would not say.
        platform = next(tag for tag in platform_tags() if not tag.startswith("linux"))
        build_data["tag"] = f"py3-none-{platform}"
