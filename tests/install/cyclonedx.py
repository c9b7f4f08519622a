#!/usr/bin/env python3
"""Checks SBOMs against the schema of CycloneDX 1.6:  cyclonedx.py FOLDER FILE...   FOLDER: where the schemas are."""

import json
import pathlib
import sys

import jsonschema
import referencing
from referencing.jsonschema import DRAFT7

schemas = pathlib.Path(sys.argv[1], "cyclonedx/schema/_res")
resources = [
    referencing.Resource.from_contents(json.loads((schemas / name).read_text()), default_specification=DRAFT7)
    for name in ("bom-1.6.SNAPSHOT.schema.json", "spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")
]
registry = referencing.Registry().with_resources((resource.id(), resource) for resource in resources)
validator = jsonschema.Draft7Validator(resources[0].contents, registry=registry)
faults = 0
for name in sys.argv[2:]:
    for error in validator.iter_errors(json.loads(pathlib.Path(name).read_text())):
        print(f"{name}: {error.json_path}: {error.message[:200]}", file=sys.stderr)
        faults += 1
sys.exit(faults > 0)
