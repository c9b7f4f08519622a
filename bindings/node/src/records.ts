/** What a State and a Source take, and what a State tells. Times are nanoseconds of the caller's clock. */
import { addrOf, podFrom, unpacked } from './address.js';
import type { Pod } from './address.js';
import type { Whole } from './handle.js';
import type { EventKind, HostChange, IdleAnswer, LookupFailure, Verdict } from './numbers.js';
import { checked, lib, ok } from './native.js';
import type { FunctionName, Members, StructName } from './native.js';

/** The bounds of a process. */
export interface Limits {
    /** How many pods are remembered, at least 1. 10,000. */
    maxPods?: number;
    /** How many requests may wait for a pod at once. 4,096. */
    maxWaiting?: number;
    /** How many lookups may run at once, at least 1. 64. */
    maxLookups?: number;
    /** How many more may run, if so many have been running for over a second. 256. */
    maxSlowLookups?: number;
    /** How many lookups a second may begin for hosts whose addresses are known, at least 1. 100. */
    refreshesPerSecond?: number;
}

/** The options of one configuration. Durations are nanoseconds. */
export interface Options {
    /** For how long a pod must have been out of reach until it is gone. 10 s. */
    goneAfter?: Whole;
    /** For how long a pod may drain until its pages are told 410; 0 for ever. 0. */
    drainMax?: Whole;
    /** How often a page opens a receiver stream: the app's `SolitaireRollTime`. 15 s. */
    rollTime?: Whole;
    /** For how long a page load waits for a pod; 0 for not at all. 10 s. */
    pageWait?: Whole;
    /** The time from one lookup of a host to the next, while requests use it. 1 s. */
    refresh?: Whole;
    /** The age at which addresses are not used without waiting for new ones. 300 s. */
    staleMax?: Whole;
    /** For how long a request waits for first lookups while no address is known at all. 3 s. */
    firstLookup?: Whole;
    /** The caller's number for the way in which names are looked up. 0. */
    resolver?: Whole;
    /** How many receiver streams of an upstream may be told 410 in one second; 0 for all. 100. */
    goneRate?: number;
    /** OptionFlag, added up. 0. */
    flags?: number;
}

/** A lookup to begin now. */
export interface Lookup {
    /** The number of the host, for State.resolved() and State.lookupFailed(). */
    host: bigint;
    /** `resolver` of the sources that use the host. */
    resolver: bigint;
    /** The name to look up, in lower case. */
    name: string;
}

/** What the end of a lookup has changed, and what to do now. */
export interface HostReport {
    change: HostChange;
    /** ReportFlag.WAKE and ReportFlag.LOOKUPS_DUE, added up. */
    flags: number;
}

/** What is known about a host. Durations are nanoseconds. */
export interface Host {
    /** In lower case, or an address. */
    name: string;
    addresses: string[];
    /** The number for the way to look it up; 0 for an address. */
    resolver: bigint;
    /** Counts the changes of the addresses. */
    generation: bigint;
    /** Since the last answer with addresses; NEVER before the first. */
    age: bigint;
    /** Since the first of the failures in a row; 0 while `failure` is 0. */
    failingFor: bigint;
    /** The time between two lookups. */
    refresh: bigint;
    /** Why the last lookup failed; 0 if it did not. */
    failure: LookupFailure | 0;
    /** How many sources use it. */
    users: number;
    /** Lookups go on. */
    active: boolean;
    /** Answers are taken for parts of the truth. */
    partial: boolean;
}

/** What is known about one pod, at one moment. */
export interface KnownPod {
    pod: Pod;
    /** The number of its upstream, see Source.upstream(). */
    upstream: bigint;
    /** When it was first and last used. */
    firstSeen: bigint;
    lastSeen: bigint;
    /** Since when something is held against it, or 0. */
    unreachableSince: bigint;
    /** Since when its answers say that it drains, or 0. */
    markedSince: bigint;
    /** Since when it gets no new pages, or 0. */
    drainingSince: bigint;
    /** Since when it has nothing left to do, or when it will have; or 0. */
    drainedSince: bigint;
    /** Since when it is evicted, or 0. */
    evictedSince: bigint;
    /** How many dials its host has refused. */
    refused: bigint;
    /** Requests that were sent to it and have not ended, and those of them that are receiver streams. */
    inFlight: number;
    streams: number;
    verdict: Verdict;
    /** DNS names it. */
    fresh: boolean;
    /** Its answers say that it drains. */
    marked: boolean;
}

/** Whether the pods at one address may be stopped. */
export interface Idle {
    answer: IdleAnswer;
    /** Requests that have not ended, and those of them that are receiver streams. */
    inFlight: number;
    streams: number;
    /** A pod at the address was used; `lastSeen` is when. */
    used: boolean;
    lastSeen: bigint;
    /** Nanoseconds until the answer can be IdleAnswer.YES at the earliest. */
    wait: bigint;
}

/** Which pods an eviction is about: those in a network, those of an upstream, or those of an upstream in a network. */
export interface EvictionTarget {
    /** The network, without bits of the host; null or nothing for all addresses of `upstream`. */
    address?: string | null;
    /** How many bits its prefix has: 32 or 128 for one address. */
    bits?: number;
    /** The number of the upstream, see Source.upstream(); 0 for any. */
    upstream?: Whole;
}

/** An eviction to begin or to change. */
export interface Eviction extends EvictionTarget {
    /** How many pages of an upstream are told to reload in one second; 0 for `goneRate` of the source. */
    rate?: number;
    /** EvictFlag, added up. */
    flags?: number;
}

/** An eviction that goes on. */
export interface RunningEviction {
    address: string | null;
    bits: number;
    upstream: bigint;
    rate: number;
    flags: number;
    since: bigint;
    /** How many pages were told to reload. */
    told: bigint;
}

/** Something that has happened to a pod, or to those of an eviction. */
export interface Event {
    /** Counts the events, from 1. */
    number: bigint;
    at: bigint;
    /** The number of the upstream; 0 for any. */
    upstream: bigint;
    /** The pod; of an eviction the network, null for all addresses of the upstream. */
    address: string | null;
    /** 0 with a network. */
    port: number;
    /** How many bits the prefix of a network has, else 0. */
    bits: number;
    kind: EventKind;
    /** How many receiver streams it had then. */
    pages: number;
}

/** The struct with these members, the others from `init`. Throws a TypeError for a member that it does not have. @internal */
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
