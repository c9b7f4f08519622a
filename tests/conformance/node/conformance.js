/**
 * Runs the installed package over the shared vectors:  node --expose-gc conformance.js REPOSITORY
 *
 * Prints how many vectors of each file were checked. The exit status is 0 only if all hold.
 */
import { readFileSync } from 'node:fs';
import { contract, integers, layouts } from './contract.js';
import { flow } from './flow.js';
import { collected, leaks, threads } from './handles.js';
import { check, outcome } from './support.js';
import * as vectors from './vectors.js';

// It is the library in the package that is tested.
const { tokens, secrets, cidrs, decisions, config, numbers } = vectors;
const loaded = readFileSync('/proc/self/maps', 'utf8').match(/\S*libdoors_caddy\S*/)?.[0];
check(loaded?.includes('/node_modules/doors-caddy/prebuilt/'), 'library', loaded);

const parts = {
    tokens, secrets, cidrs, decisions, config, numbers, contract, interface: layouts, flow, integers, threads, collected, leaks,
};
for (const [name, part] of Object.entries(parts)) console.log(name, await part());
for (const failure of outcome.failures.slice(0, 20)) console.error(failure);
console.log(`${outcome.checks} checks, ${outcome.failures.length} failed`);
process.exitCode = outcome.failures.length ? 1 : 0;
