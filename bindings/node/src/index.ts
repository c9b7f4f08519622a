/**
 * Tokens, CIDR lookup, routing decisions and the state of pods: libdoors_caddy for Node.
 *
 * Close handles with `using` or close(). A failed call throws a DoorsError, an integer that does not fit a RangeError.
 * Addresses are strings; times and durations are nanoseconds. Many workers may use one handle: pass its `pointer` to a
 * worker and call `shared` of the class there.
 */
import { lib } from './native.js';

export { packed } from './address.js';
export type { Pod } from './address.js';
export { Handle, liveHandles } from './handle.js';
export type { Text, Whole } from './handle.js';
export { DoorsError } from './native.js';
export * from './numbers.js';
export type {
    Event, Eviction, EvictionTarget, Host, HostReport, Idle, KnownPod, Limits, Lookup, Options, RunningEviction,
} from './records.js';
export { Router, check } from './router.js';
export type { Decision, Upstream } from './router.js';
export { Request, Source } from './source.js';
export type { Incoming, Place } from './source.js';
export { State } from './state.js';
export type {
    AnswerStep, ChooseStep, DialStep, DoneStep, PodOfUpstream, Report, Step, WaitStep,
} from './step.js';
export { Cidrs, Cipher } from './tokens.js';
export type { Opened } from './tokens.js';

/** The groups of constants that nameOf() accepts. */
export type Named =
    | 'status' | 'decision' | 'reason' | 'path' | 'outcome' | 'verdict' | 'idle' | 'step' | 'cause' | 'lookup' | 'host'
    | 'event';

/** A short text or identifier for a constant; "unknown" for any other number. */
export const nameOf = (what: Named, number: number): string => lib[`doors_${what}_str`](number);

/** The version of the loaded library, such as "0.2.0". */
export const version = (): string => lib.doors_version();
