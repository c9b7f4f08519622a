/** Handles in many threads, and handles that are not closed. */
import { Worker } from 'node:worker_threads';
import { setTimeout } from 'node:timers/promises';
import { Cipher, Router, Source, State, liveHandles } from 'doors-caddy';
import { CONFIG, KEY, check } from './support.js';

/** One cipher and one router, used by 8 workers at once. */
export async function threads() {
    const [cipher, router] = [new Cipher(KEY), new Router(CONFIG)];
    const handles = { cipher: cipher.pointer, router: router.pointer };
    const workers = Array.from({ length: 8 }, (_, n) => {
        const worker = new Worker(new URL('worker.js', import.meta.url), { workerData: { ...handles, last: n + 1 } });
        return new Promise((resolve, reject) => {
            worker.once('message', resolve);
            worker.once('error', reject);
        });
    });
    for (const wrong of await Promise.all(workers)) check(wrong === 0, 'threads', wrong);
    cipher.close();
    router.close();
    return workers.length;
}

/** Handles that nobody closes are freed when they are collected, but not while their router is in use. */
export async function collected() {
    const forget = () => {
        const source = new Source(new State(), CONFIG);
        new Cipher(KEY).encode('10.0.0.1');
        return source.router();
    };
    const router = forget();
    // The state and the cipher go, the source of the router stays.
    for (let attempt = 0; attempt < 1000 && liveHandles() !== 1; attempt += 1) {
        globalThis.gc();
        await setTimeout(10);
    }
    check(liveHandles() === 1, 'handles not collected', liveHandles());
    check(router.length === 1, 'router of a source', router.length);
    router.owner.close();
    return 2;
}

/** No handle is left open, and handles that are made and freed do not add up. */
export function leaks() {
    const eight = Array.from({ length: 8 }, (_, n) => Buffer.alloc(32, n).toString('base64')).join(' ');
    const rounds = (count) => {
        for (let i = 0; i < count; i += 1) {
            const state = new State({ maxPods: 100 });
            for (const handle of [new Cipher(eight), new Router(CONFIG), new Source(state, CONFIG), state]) handle.close();
        }
        globalThis.gc();
        return process.memoryUsage().rss;
    };
    // The collected heap may grow in some of these batches, and what is never freed in each.
    const resident = Array.from({ length: 6 }, () => rounds(4000));
    const grown = Math.min(...resident.slice(1).map((bytes, n) => bytes - resident[n]));
    check(grown < 8 << 20, 'memory has grown by', grown);
    check(liveHandles() === 0, 'handles left open', liveHandles());
    return 24000;
}
