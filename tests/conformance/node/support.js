/** What the other files share: checks that are counted, vectors, and errors that must come. */
import { readFileSync } from 'node:fs';
import { DoorsError, Status } from 'doors-caddy';

export const root = process.argv[2];
export const KEY = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
export const CONFIG = `{"secret": "${KEY}", "upstreams": [{"cidr": "10.0.0.0/24", "host": "svc.example", "port": 8080}]}`;
export const SECOND = 1_000_000_000n;

export const outcome = { checks: 0, failures: [] };

export function check(holds, ...about) {
    outcome.checks += 1;
    const shown = (part) => JSON.stringify(part, (_, value) => (typeof value === 'bigint' ? String(value) : value));
    if (!holds) outcome.failures.push(about.map((part) => (typeof part === 'string' ? part : shown(part))).join(': '));
}

export const read = (path) => JSON.parse(readFileSync(`${root}/${path}`, 'utf8'));
export const total = (vectors) => Object.values(vectors).reduce((sum, list) => sum + Object.keys(list).length, 0);

/** The error that a call throws. */
export function refused(call) {
    try {
        call();
    } catch (error) {
        if (error instanceof DoorsError) return error;
        throw error;
    }
    check(false, 'a call that must fail succeeded');
    return new DoorsError(Status.OK);
}

/** Closes a handle as `using` does, which Node 20 does not have. */
export function using(handle, work) {
    try {
        return work(handle);
    } finally {
        handle[Symbol.dispose]();
    }
}
