/** Steps and reports: what to do next for a request, and what was learned. */
import { podFrom, unpacked } from './address.js';
import type { Pod } from './address.js';
import { ReportFlag, StepKind } from './numbers.js';
import type { Cause, Verdict } from './numbers.js';
import type { Members } from './native.js';

/** A pod, and the index of its upstream in the configuration. */
export interface PodOfUpstream {
    upstream: number;
    pod: Pod;
}

/** What was learned during a call. Members without their flag are null. */
export interface Report {
    /** Any of ReportFlag, combined with `|`: what to do, and which of the other members are set. */
    flags: number;
    /** With ReportFlag.REFUSED_TOKEN: how many more tokens were refused for the same reason since the last report. */
    suppressed: number;
    /** With ReportFlag.CHANGED: the pod, and the new verdict. */
    changed: (PodOfUpstream & { verdict: Verdict }) | null;
    /** With ReportFlag.DRAINING: the pod, and whether it signals that it is draining. */
    draining: (PodOfUpstream & { draining: boolean }) | null;
    /** With ReportFlag.BACKGROUND: the pod to dial. Report the outcome to Source.dialled(). */
    background: PodOfUpstream | null;
    /** With ReportFlag.DROPPED: the ID of the host, and the address that it dropped. */
    dropped: { host: bigint; address: string | null } | null;
    /** With ReportFlag.OUTSIDE: the upstream, and the address outside its networks. */
    outside: { upstream: number; address: string | null } | null;
}

/** Dial the pod, or use an open connection to it. */
export interface DialStep {
    kind: typeof StepKind.DIAL;
    /** Index of the upstream in the configuration. */
    upstream: number;
    pod: Pod;
    /** True if this request tests whether the pod is back. */
    probe: boolean;
    /** Whether the pod is draining and no other is available. If so, send `Doors-Last-Choice: ?1`. */
    lastChoice: boolean;
    report: Report;
}

/** Hold the request: call Request.resume() at `until`, or when a report has ReportFlag.WAKE. */
export interface WaitStep {
    kind: typeof StepKind.WAIT;
    /** A time of the caller's clock, in nanoseconds. */
    until: bigint;
    report: Report;
}

/** Answer the request with `Cache-Control: no-store`. */
export interface AnswerStep {
    kind: typeof StepKind.ANSWER;
    /** The HTTP status: 410 or 503. */
    status: number;
    /** The value of `Retry-After` in seconds. 0 with 410: send no such header. */
    retryAfter: number;
    cause: Cause;
    /** Whether it is a page load. The answer may then contain a page that reloads itself after `retryAfter`. */
    page: boolean;
    report: Report;
}

/** The request needs no further step. Forward the response, or answer 502 after a failed dial. */
export interface DoneStep {
    kind: typeof StepKind.DONE;
    report: Report;
}

/** Choose one of Request.choices() and report it to Request.chose(), or call Request.choseNone(). */
export interface ChooseStep {
    kind: typeof StepKind.CHOOSE;
    report: Report;
}

/** What to do next for a request. */
export type Step = DialStep | WaitStep | AnswerStep | DoneStep | ChooseStep;

/** The report of a doors_report. @internal */
export function reportFrom(out: Members): Report {
    const has = (flag: ReportFlag) => (out['flags'] & flag) !== 0;
    const pod = (name: string): PodOfUpstream => ({ upstream: out[`${name}_upstream`], pod: podFrom(out[`${name}_pod`]) });
    return {
        flags: out['flags'],
        suppressed: out['suppressed'],
        changed: has(ReportFlag.CHANGED) ? { ...pod('changed'), verdict: out['changed_verdict'] } : null,
        draining: has(ReportFlag.DRAINING) ? { ...pod('draining'), draining: out['draining'] === 1 } : null,
        background: has(ReportFlag.BACKGROUND) ? pod('background') : null,
        dropped: has(ReportFlag.DROPPED)
            ? { host: BigInt(out['dropped_host']), address: unpacked(out['dropped_addr']) } : null,
        outside: has(ReportFlag.OUTSIDE)
            ? { upstream: out['outside_upstream'], address: unpacked(out['outside_addr']) } : null,
    };
}

/** The step of a doors_step. @internal */
export function stepFrom(out: Members): Step {
    const kind: StepKind = out['kind'];
    const report = reportFrom(out['report']);
    switch (kind) {
        case StepKind.DIAL:
            return {
                kind, upstream: out['upstream'], pod: podFrom(out['pod']), probe: out['probe'] === 1,
                lastChoice: out['last_choice'] === 1, report,
            };
        case StepKind.WAIT:
            return { kind, until: BigInt(out['until']), report };
        case StepKind.ANSWER:
            return {
                kind, status: out['status'], retryAfter: out['retry_after'], cause: out['cause'], page: out['page'] === 1,
                report,
            };
        default:
            return { kind, report };
    }
}
