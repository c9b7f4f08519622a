/** What a process knows about hosts and pods. */
import { addrOf, podOf } from './address.js';
import type { Pod } from './address.js';
import { Handle } from './handle.js';
import type { Whole } from './handle.js';
import type { LookupFailure, Verdict } from './numbers.js';
import { lib, listOf, ok, roomFor, structsIn } from './native.js';
import type { Members } from './native.js';
import {
    eventFrom, evictionFrom, evictionOf, filled, hostFrom, hostReportFrom, idleFrom, knownPodFrom, lookupFrom,
} from './records.js';
import type {
    Event, Eviction, EvictionTarget, Host, HostReport, Idle, KnownPod, Limits, Lookup, RunningEviction,
} from './records.js';

/**
 * What a process knows about hosts and pods. A process needs only one. Any number of workers may use one at once: see
 * State.shared().
 *
 * `now` is nanoseconds of one monotonic clock, such as process.hrtime.bigint(). `random` is any number from 0 to 2^64 - 1,
 * different for each call.
 */
export class State extends Handle {
    constructor(limits?: Limits);
    /** @internal */
    constructor(limits: bigint);
    constructor(limits: Limits | bigint = {}) {
        super('state', typeof limits === 'bigint' ? limits : (out) =>
            lib.doors_state_new(filled('doors_limits', 'doors_limits_init', limits), out));
    }

    /** The state of another thread, by its `pointer`. That thread must keep it until this one has finished with it. */
    static shared(pointer: bigint): State {
        return new State(pointer);
    }

    /** Changes the maximum number of remembered pods. */
    limit(maxPods: number): void {
        ok(lib.doors_state_limit(this.pointer, maxPods));
    }

    /** The hosts to look up now, and the time of the next call. A report with ReportFlag.LOOKUPS_DUE means to call at once. */
    due(now: Whole, random: Whole): { lookups: Lookup[]; next: bigint } {
        const next: [Whole] = [0];
        const list = listOf('doors_lookup', (room, cap, count) =>
            lib.doors_state_due(this.pointer, now, random, room, cap, count, next));
        return { lookups: list.map(lookupFrom), next: BigInt(next[0]) };
    }

    /**
     * Reports the addresses found by a lookup. `missing` combines Missing: the IP versions with a missing or partial
     * answer. `failure` is the reason, or 0 if the answer is only late.
     */
    resolved(
        host: Whole, addresses: string[], now: Whole, random: Whole, missing = 0, failure: LookupFailure | 0 = 0,
    ): HostReport {
        const [list, out]: [Members[], Members] = [addresses.map(addrOf), {}];
        ok(lib.doors_state_resolved(this.pointer, host, list, list.length, missing, failure, now, random, out));
        return hostReportFrom(out);
    }

    /** Reports addresses that arrived after the end of their lookup was reported. */
    resolvedLate(host: Whole, addresses: string[], now: Whole): HostReport {
        const [list, out]: [Members[], Members] = [addresses.map(addrOf), {}];
        ok(lib.doors_state_resolved_late(this.pointer, host, list, list.length, now, out));
        return hostReportFrom(out);
    }

    /** Reports a lookup that found no addresses. */
    lookupFailed(host: Whole, failure: LookupFailure, now: Whole, random: Whole): HostReport {
        const out: Members = {};
        ok(lib.doors_state_lookup_failed(this.pointer, host, failure, now, random, out));
        return hostReportFrom(out);
    }

    /** What is known about a host. */
    host(host: Whole, now: Whole): Host {
        const out: Members = {};
        const list = listOf('doors_addr', (room, cap, count) =>
            lib.doors_state_host(this.pointer, host, now, out, room, cap, count));
        return hostFrom(out, list);
    }

    /** Lists at most `most` pods by address (IPv4 first) and port, after the pod `after` or from the first. */
    pods(after: Pod | null = null, most = 1000): KnownPod[] {
        const [room, count]: [Uint8Array, [Whole]] = [roomFor('doors_known_pod', most), [0]];
        ok(lib.doors_state_pods(this.pointer, after && podOf(after), room, most, count, [0]));
        return structsIn('doors_known_pod', room, Number(count[0])).map(knownPodFrom);
    }

    /** How many pods are known. */
    get known(): number {
        const known: [Whole] = [0];
        ok(lib.doors_state_pods(this.pointer, null, null, 0, [0], known));
        return Number(known[0]);
    }

    /** The verdict on a pod. */
    verdict(pod: Pod): Verdict {
        const out: [Verdict] = [0];
        ok(lib.doors_state_verdict(this.pointer, podOf(pod), out));
        return out[0];
    }

    /**
     * Checks whether the pods at an address had no request for `idle` nanoseconds. `started` is when the caller began to
     * report requests.
     */
    idle(address: string, idle: Whole, started: Whole, now: Whole): Idle {
        const out: Members = {};
        ok(lib.doors_state_idle(this.pointer, addrOf(address), idle, started, now, out));
        return idleFrom(out);
    }

    /** Evicts pods until undo(), or changes the eviction with this target. */
    evict(eviction: Eviction, now: Whole): void {
        ok(lib.doors_state_evict(this.pointer, evictionOf(eviction), now));
    }

    /** Cancels the eviction with this target. */
    undo(target: EvictionTarget, now: Whole): void {
        ok(lib.doors_state_undo(this.pointer, evictionOf(target), now));
    }

    /** All evictions, oldest first. */
    evictions(): RunningEviction[] {
        const list = listOf('doors_eviction', (room, cap, count) =>
            lib.doors_state_evictions(this.pointer, room, cap, count));
        return list.map(evictionFrom);
    }

    /** The events after the one with this number (0 for all), oldest first. Only the last 256 events are kept. */
    events(after: Whole = 0): Event[] {
        const list = listOf('doors_event', (room, cap, count) =>
            lib.doors_state_events(this.pointer, after, room, cap, count));
        return list.map(eventFrom);
    }
}
