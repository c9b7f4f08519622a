"""Runs the installed package over the shared vectors:  python conformance.py REPOSITORY

Prints how many vectors of each kind were checked. The exit status is 0 only if all hold.
"""

import sys

import harness
from contract import contract, integers, interface, package, policies, values
from flow import flow
from process import exits, finalisers, forked, leaks, threads
from vectors import cidrs, config, decisions, numbers, secrets, tokens

VECTORS = (tokens, secrets, cidrs, decisions, config, numbers, flow)
BEHAVIOUR = (package, contract, interface, integers, values, policies, threads, finalisers, forked, exits, leaks)

for part in VECTORS + BEHAVIOUR:
    print(f"{part.__name__} {part()}")
for failure in harness.failures[:20]:
    print(failure, file=sys.stderr)
print(f"{harness.checks} checks, {len(harness.failures)} failed")
sys.exit(1 if harness.failures else 0)
