/** The values that State and Source take, and those that State returns. Times are nanoseconds of the caller's clock. */
import { addrOf, podFrom, unpacked } from './address.js';
import type { Pod } from './address.js';
import type { Whole } from './handle.js';
import type { EventKind, HostChange, IdleAnswer, LookupFailure, Verdict } from './numbers.js';
import { checked, lib, ok } from './native.js';
import type { FunctionName, Members, StructName } from './native.js';

/** The limits of a process. */
export interface Limits {
    /** The maximum number of remembered pods, at least 1. Default: 10,000. */
    maxPods?: number;
    /** The maximum number of requests that wait for a pod. Default: 4,096. */
    maxWaiting?: number;
    /** The maximum number of concurrent lookups, at least 1. Default: 64. */
    maxLookups?: number;
    /** The maximum number of lookups that took over a second and no longer count towards `maxLookups`. Default: 256. */
    maxSlowLookups?: number;
    /** The maximum number of lookups started per second for hosts with known addresses, at least 1. Default: 100. */
    refreshesPerSecond?: number;
}

/** The options of one configuration. Durations are in nanoseconds. */
export interface Options {
    /** How long a pod must be unreachable before it is gone. Default: 10 s. */
    goneAfter?: Whole;
    /** How long a pod may drain before its pages get 410; 0 for no limit. Default: 0. */
    drainMax?: Whole;
    /** How often a page opens a receiver stream. Must equal the app's `SolitaireRollTime`. Default: 15 s. */
    rollTime?: Whole;
    /** How long a page load waits for a pod; 0 disables waiting. Default: 10 s. */
    pageWait?: Whole;
    /** The interval between lookups of a host that requests use. Default: 1 s, minimum: 10 ms. */
    refresh?: Whole;
    /** The maximum age of addresses after lookups have stopped. Requests wait for a lookup if they are older. Default: 300 s. */
    staleMax?: Whole;
    /** How long a request waits for a first lookup while no address is known. Default: 3 s. */
    firstLookup?: Whole;
    /** Identifies the resolver (name servers and IP versions). Hosts with the same name and resolver share lookups. Default: 0. */
    resolver?: Whole;
    /** The maximum number of receiver streams per upstream and second that get 410; 0 for no limit. Default: 100. */
    goneRate?: number;
    /** Any of OptionFlag, combined with `|`. Default: 0. */
    flags?: number;
}

/** A lookup to start now. */
export interface Lookup {
    /** The ID of the host, for State.resolved() and State.lookupFailed(). */
    host: bigint;
    /** The resolver to use, from the options of the sources that use the host. */
    resolver: bigint;
    /** The name to look up, in lower case. */
    name: string;
}

/** What the end of a lookup has changed, and what to do now. */
export interface HostReport {
    change: HostChange;
    /** ReportFlag.WAKE and ReportFlag.LOOKUPS_DUE, combined with `|`. */
    flags: number;
}

/** What is known about a host. Durations are in nanoseconds. */
export interface Host {
    /** In lower case, or an address. */
    name: string;
    addresses: string[];
    /** The resolver, as in Options; 0 for an address. */
    resolver: bigint;
    /** The number of changes of the addresses. */
    generation: bigint;
    /** The time since the last answer with addresses; NEVER before the first. */
    age: bigint;
    /** The time since the first failure of the current series; 0 while `failure` is 0. */
    failingFor: bigint;
    /** The interval between lookups. */
    refresh: bigint;
    /** Why the last lookup failed; 0 if it succeeded or none has ended. */
    failure: LookupFailure | 0;
    /** The number of sources that use it. */
    users: number;
    /** Whether lookups continue. */
    active: boolean;
    /** Whether answers count as partial. */
    partial: boolean;
}

/** A snapshot of one pod. */
export interface KnownPod {
    pod: Pod;
    /** The ID of its upstream, see Source.upstream(). */
    upstream: bigint;
    /** When it was first and last used. */
    firstSeen: bigint;
    lastSeen: bigint;
    /** When the verdict became other than Verdict.NONE, or 0. */
    unreachableSince: bigint;
    /** When its responses began to signal that it is draining, or 0. */
    markedSince: bigint;
    /** When it stopped getting new pages, or 0. */
    drainingSince: bigint;
    /** When it ran out of work, or 0. May lie in the future. */
    drainedSince: bigint;
    /** When it was evicted, or 0. */
    evictedSince: bigint;
    /** The number of refused dials. */
    refused: bigint;
    /** The number of requests in flight at the pod, and how many of them are receiver streams. */
    inFlight: number;
    streams: number;
    verdict: Verdict;
    /** Whether DNS lists it. */
    fresh: boolean;
    /** Whether its responses signal that it is draining. */
    marked: boolean;
}

/** Whether the pods at one address can be stopped, judging by their requests. */
export interface Idle {
    answer: IdleAnswer;
    /** The requests in flight, and how many of them are receiver streams. */
    inFlight: number;
    streams: number;
    /** Whether a pod at the address was used; `lastSeen` is when. */
    used: boolean;
    lastSeen: bigint;
    /** The minimum number of nanoseconds until the answer can be IdleAnswer.YES. */
    wait: bigint;
}

/** The target of an eviction: a network, an upstream, or the pods of an upstream in a network. */
export interface EvictionTarget {
    /** The network, without host bits; null or undefined for all addresses of `upstream`. */
    address?: string | null;
    /** The length of its prefix: 32 or 128 for one address. */
    bits?: number;
    /** The ID of the upstream, see Source.upstream(); 0 for any. */
    upstream?: Whole;
}

/** An eviction to start or to change. */
export interface Eviction extends EvictionTarget {
    /** How many pages per upstream and second are told to reload; 0 for `goneRate` of the source. */
    rate?: number;
    /** Any of EvictFlag, combined with `|`. */
    flags?: number;
}

/** A running eviction. */
export interface RunningEviction {
    address: string | null;
    bits: number;
    upstream: bigint;
    rate: number;
    flags: number;
    since: bigint;
    /** How many pages have been told to reload. */
    told: bigint;
}

/** A change of a pod, or of the pods of an eviction. */
export interface Event {
    /** A sequence number, starting at 1. */
    number: bigint;
    at: bigint;
    /** The ID of the upstream; 0 for any. */
    upstream: bigint;
    /** The address of the pod. For an eviction: the network, or null for all addresses of the upstream. */
    address: string | null;
    /** The port of the pod; 0 for a network. */
    port: number;
    /** For a network: the length of its prefix, otherwise 0. */
    bits: number;
    kind: EventKind;
    /** The number of receiver streams at that time. */
    pages: number;
}

/** A struct with these members and the defaults that `init` sets. Throws a TypeError for an unknown member. @internal */
export function filled(struct: StructName, init: FunctionName, values: Limits | Options): Members {
    const out: Members = {};
    ok(lib[init](out));
    for (const [name, value] of Object.entries(values)) {
        const member = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
        if (name === 'reserved' || name.includes('_') || !(member in out)) throw new TypeError(`there is no option ${name}`);
        out[member] = value;
    }
    return checked(struct, out);
}

/** @internal */
export const lookupFrom = ({ host, resolver, name }: Members): Lookup =>
    ({ host: BigInt(host), resolver: BigInt(resolver), name });

/** @internal */
export const hostReportFrom = ({ change, flags }: Members): HostReport => ({ change, flags });

/** @internal */
export const hostFrom = (out: Members, addresses: Members[]): Host => ({
    name: out['name'],
    addresses: addresses.map((address) => unpacked(address) ?? ''),
    resolver: BigInt(out['resolver']),
    generation: BigInt(out['generation']),
    age: BigInt(out['age']),
    failingFor: BigInt(out['failing_for']),
    refresh: BigInt(out['refresh']),
    failure: out['failure'],
    users: out['users'],
    active: out['active'] === 1,
    partial: out['partial'] === 1,
});

/** @internal */
export const knownPodFrom = (out: Members): KnownPod => ({
    pod: podFrom(out['pod']),
    upstream: BigInt(out['upstream']),
    firstSeen: BigInt(out['first_seen']),
    lastSeen: BigInt(out['last_seen']),
    unreachableSince: BigInt(out['unreachable_since']),
    markedSince: BigInt(out['marked_since']),
    drainingSince: BigInt(out['draining_since']),
    drainedSince: BigInt(out['drained_since']),
    evictedSince: BigInt(out['evicted_since']),
    refused: BigInt(out['refused']),
    inFlight: out['in_flight'],
    streams: out['streams'],
    verdict: out['verdict'],
    fresh: out['fresh'] === 1,
    marked: out['marked'] === 1,
});

/** @internal */
export const idleFrom = (out: Members): Idle => ({
    answer: out['answer'],
    inFlight: out['in_flight'],
    streams: out['streams'],
    used: out['used'] === 1,
    lastSeen: BigInt(out['last_seen']),
    wait: BigInt(out['wait']),
});

/** @internal */
export const evictionOf = ({ address = null, bits = 0, upstream = 0, rate = 0, flags = 0 }: Eviction): Members =>
    checked('doors_eviction', {
        addr: addrOf(address), bits, upstream, rate, flags, since: 0, told: 0, reserved: [0, 0],
    });

/** @internal */
export const evictionFrom = ({ addr, bits, upstream, rate, flags, since, told }: Members): RunningEviction => ({
    address: unpacked(addr), bits, upstream: BigInt(upstream), rate, flags, since: BigInt(since), told: BigInt(told),
});

/** @internal */
export const eventFrom = ({ number, at, upstream, pod, bits, kind, pages }: Members): Event => ({
    number: BigInt(number), at: BigInt(at), upstream: BigInt(upstream), address: unpacked(pod.addr), port: pod.port,
    bits, kind, pages,
});
