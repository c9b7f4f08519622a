/** One configuration in use, and its requests, step by step. */
import koffi from 'koffi';
import { podFrom, podOf } from './address.js';
import type { Pod } from './address.js';
import { Handle, bytesOf } from './handle.js';
import type { Text, Whole } from './handle.js';
import type { Method, Outcome } from './numbers.js';
import { lib, listOf, ok, roomFor } from './native.js';
import type { FunctionName, Members } from './native.js';
import { filled } from './records.js';
import type { Options } from './records.js';
import { Router, decisionFrom } from './router.js';
import type { Decision } from './router.js';
import type { State } from './state.js';
import { reportFrom, stepFrom } from './step.js';
import type { PodOfUpstream, Report, Step } from './step.js';

/**
 * One configuration in use: a router, its options, and access to a State. Close it after its requests have ended.
 * Any number of workers may use one at once: see Source.shared(). `now` and `random` are as for State.
 */
export class Source extends Handle {
    /** Starts using a configuration: `json` is as for Router. */
    constructor(state: State, json: Text, options?: Options);
    /** @internal */
    constructor(state: bigint);
    constructor(state: State | bigint, json: Text = '', options: Options = {}) {
        super('source', typeof state === 'bigint' ? state : (out, error) => {
            const bytes = bytesOf(json);
            const all = filled('doors_options', 'doors_options_init', options);
            return lib.doors_source_new(state.pointer, bytes, bytes.length, all, out, error);
        });
    }

    /** The source of another thread, by its `pointer`. That thread must keep it until this one has finished with it. */
    static shared(pointer: bigint): Source {
        return new Source(pointer);
    }

    /** The router of this source. It works until the source is closed, and need not be closed itself. */
    router(): Router {
        return new Router(koffi.address(lib.doors_source_router(this.pointer)), this);
    }

    /** Begins a request. Follow its `step`, report the outcomes, and always call Request.ended(). */
    begin(incoming: Incoming, now: Whole, random: Whole): Request {
        return new Request(this, incoming, now, random);
    }

    /** Reports the outcome of a dial. Report background dials too, and dials of requests that have ended. */
    dialled(upstream: number, pod: Pod, outcome: Outcome, now: Whole, random: Whole): Report {
        const out: Members = {};
        ok(lib.doors_source_dialled(this.pointer, upstream, podOf(pod), outcome, now, random, out));
        return reportFrom(out);
    }

    /** Starts the lookups of an upstream's host or keeps them going. Use it to show the upstream's pods. */
    use(upstream: number, now: Whole): Report {
        const out: Members = {};
        ok(lib.doors_source_use(this.pointer, upstream, now, out));
        return reportFrom(out);
    }

    /** The IDs of an upstream's host, as in a Lookup, and of the upstream, as in a KnownPod. */
    upstream(index: number): { host: bigint; upstream: bigint } {
        const [host, upstream]: [[Whole], [Whole]] = [[0], [0]];
        ok(lib.doors_source_upstream(this.pointer, index, host, upstream));
        return { host: BigInt(host[0]), upstream: BigInt(upstream[0]) };
    }

    /** The fresh pods of an upstream, inside and outside its networks. */
    fresh(upstream: number): { inside: Pod[]; outside: Pod[] } {
        const inside: [Whole] = [0];
        const pods = listOf('doors_pod', (room, cap, count) =>
            lib.doors_source_fresh(this.pointer, upstream, room, cap, inside, count)).map(podFrom);
        const border = Number(inside[0]);
        return { inside: pods.slice(0, border), outside: pods.slice(border) };
    }
}

/** A new request. */
export interface Incoming {
    method: Method;
    /** The escaped path or the whole target. */
    path: Text;
    /** The Cookie header, with several fields joined by "; ". */
    cookies?: Text;
    /** Whether it may have a body. False only if the length is known to be 0. */
    hasBody?: boolean;
}

/** A pod to choose from. */
export interface Place extends PodOfUpstream {
    /** How well the pod suits the request; lower is better. */
    tier: number;
}

/** One request of a Source, from Source.begin(). All calls except choices() and ended() set `step` and return it. */
export class Request {
    readonly #source: Source;
    readonly #memory = roomFor('doors_request', 1);
    #step: Step;

    /** The meaning of the request's token or cookie. */
    readonly decision: Decision;

    /** See Source.begin(). */
    constructor(source: Source, { method, path, cookies = '', hasBody = false }: Incoming, now: Whole, random: Whole) {
        this.#source = source;
        const [p, c] = [bytesOf(path), bytesOf(cookies)];
        const [step, decision]: [Members, Members] = [{}, {}];
        ok(lib.doors_request_begin(
            source.pointer, method, Number(hasBody), p, p.length, c, c.length, now, random, this.#memory, step));
        ok(lib.doors_request_decision(source.pointer, this.#memory, decision));
        this.#step = stepFrom(step);
        this.decision = decisionFrom(decision);
    }

    /** What to do. */
    get step(): Step {
        return this.#step;
    }

    #next(name: FunctionName, ...values: unknown[]): Step {
        const out: Members = {};
        ok(lib[name](this.#source.pointer, this.#memory, ...values, out));
        this.#step = stepFrom(out);
        return this.#step;
    }

    /** Ends the current attempt, which got no response. Its dial must have been reported to Source.dialled(). */
    next(outcome: Outcome, now: Whole, random: Whole): Step {
        return this.#next('doors_request_next', outcome, now, random);
    }

    /** Combines Source.dialled() and next(). */
    failed(outcome: Outcome, now: Whole, random: Whole): Step {
        return this.#next('doors_request_failed', outcome, now, random);
    }

    /** Resumes a waiting request, at the time `until` of its step or when a report has ReportFlag.WAKE. */
    resume(now: Whole, random: Whole): Step {
        return this.#next('doors_request_resume', now, random);
    }

    /** After StepKind.CHOOSE: the pods of the best tier that may serve the request. */
    choices(now: Whole): { places: Place[]; report: Report } {
        const report: Members = {};
        const places = listOf('doors_place', (room, cap, count) =>
            lib.doors_request_choices(this.#source.pointer, this.#memory, now, room, cap, count, report));
        return {
            places: places.map(({ upstream, tier, pod }) => ({ upstream, tier, pod: podFrom(pod) })),
            report: reportFrom(report),
        };
    }

    /** Reports the pod chosen by the user's policy. */
    chose(upstream: number, pod: Pod, now: Whole): Step {
        return this.#next('doors_request_chose', upstream, podOf(pod), now);
    }

    /** Reports that the user's policy chose no pod. */
    choseNone(now: Whole, random: Whole): Step {
        return this.#next('doors_request_chose_none', now, random);
    }

    /** Ends the retries of a source with OptionFlag.USER_RETRIES. `outcome` is 0 if next() has reported the last one. */
    giveUp(outcome: Outcome | 0, now: Whole, random: Whole): Step {
        return this.#next('doors_request_give_up', outcome, now, random);
    }

    /** Reports that the pod has begun to respond. `marks` combines Mark. After StepKind.DONE, forward the response. */
    answered(marks: number, now: Whole, random: Whole): Step {
        return this.#next('doors_request_answered', marks, now, random);
    }

    /** Ends the request, whatever the result. Until then the request counts as in flight. */
    ended(now: Whole): void {
        ok(lib.doors_request_ended(this.#source.pointer, this.#memory, now));
    }
}
