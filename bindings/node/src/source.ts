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
 * One configuration in use: a router and its options, with what a State knows. Close it after its requests have ended.
 * Any number of workers may use one at once: see Source.shared(). `now` and `random` are as for State.
 */
export class Source extends Handle {
    /** From the state of the process and the JSON of a Router. */
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

    /** The source of another thread, by its `pointer`. That thread closes it, after this one has done with it. */
    static shared(pointer: bigint): Source {
        return new Source(pointer);
    }

    /** Its router, which lives as long and need not be closed. */
    router(): Router {
        return new Router(koffi.address(lib.doors_source_router(this.pointer)), this);
    }

    /** A request begins: obey its `step`, report what becomes of it, and call Request.ended() in every case. */
    begin(incoming: Incoming, now: Whole, random: Whole): Request {
        return new Request(this, incoming, now, random);
    }

    /** What became of a dial, also after its request has ended, and of one in the background. */
    dialled(upstream: number, pod: Pod, outcome: Outcome, now: Whole, random: Whole): Report {
        const out: Members = {};
        ok(lib.doors_source_dialled(this.pointer, upstream, podOf(pod), outcome, now, random, out));
        return reportFrom(out);
    }

    /** Keeps the lookups of an upstream's host going, for whoever shows its pods. */
    use(upstream: number, now: Whole): Report {
        const out: Members = {};
        ok(lib.doors_source_use(this.pointer, upstream, now, out));
        return reportFrom(out);
    }

    /** The numbers of an upstream's host, as in a Lookup, and of the upstream, as in a KnownPod. */
    upstream(index: number): { host: bigint; upstream: bigint } {
        const [host, upstream]: [[Whole], [Whole]] = [[0], [0]];
        ok(lib.doors_source_upstream(this.pointer, index, host, upstream));
        return { host: BigInt(host[0]), upstream: BigInt(upstream[0]) };
    }

    /** The pods of an upstream in DNS, inside and outside its networks. */
    fresh(upstream: number): { inside: Pod[]; outside: Pod[] } {
        const inside: [Whole] = [0];
        const pods = listOf('doors_pod', (room, cap, count) =>
            lib.doors_source_fresh(this.pointer, upstream, room, cap, inside, count)).map(podFrom);
        const border = Number(inside[0]);
        return { inside: pods.slice(0, border), outside: pods.slice(border) };
    }
}

/** A request that has come in. */
export interface Incoming {
    method: Method;
    /** Its path as sent, or its whole target. */
    path: Text;
    /** Its Cookie header; several fields joined with "; ". */
    cookies?: Text;
    /** It has a body, or may have one since its length is not known to be 0. */
    hasBody?: boolean;
}

/** A pod to choose from. */
export interface Place extends PodOfUpstream {
    /** How good the pod is for the request; lower is better. */
    tier: number;
}

/** One request of a Source, from Source.begin(). Every call but choices() and ended() sets `step`, and returns it. */
export class Request {
    readonly #source: Source;
    readonly #memory = roomFor('doors_request', 1);
    #step: Step;

    /** What its token or cookie means. */
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

    /** The attempt has ended without an answer; Source.dialled() was told of its dial. */
    next(outcome: Outcome, now: Whole, random: Whole): Step {
        return this.#next('doors_request_next', outcome, now, random);
    }

    /** Source.dialled() and next() in one. */
    failed(outcome: Outcome, now: Whole, random: Whole): Step {
        return this.#next('doors_request_failed', outcome, now, random);
    }

    /** A request that waits goes on: at the `until` of its step, or when a report has ReportFlag.WAKE. */
    resume(now: Whole, random: Whole): Step {
        return this.#next('doors_request_resume', now, random);
    }

    /** After StepKind.CHOOSE: the pods that may take the request, only the best ones. */
    choices(now: Whole): { places: Place[]; report: Report } {
        const report: Members = {};
        const places = listOf('doors_place', (room, cap, count) =>
            lib.doors_request_choices(this.#source.pointer, this.#memory, now, room, cap, count, report));
        return {
            places: places.map(({ upstream, tier, pod }) => ({ upstream, tier, pod: podFrom(pod) })),
            report: reportFrom(report),
        };
    }

    /** The user's policy has chosen this pod. */
    chose(upstream: number, pod: Pod, now: Whole): Step {
        return this.#next('doors_request_chose', upstream, podOf(pod), now);
    }

    /** The user's policy has chosen none. */
    choseNone(now: Whole, random: Whole): Step {
        return this.#next('doors_request_chose_none', now, random);
    }

    /** With OptionFlag.USER_RETRIES: the retries are over. `outcome` is 0 if the last one was told to next(). */
    giveUp(outcome: Outcome | 0, now: Whole, random: Whole): Step {
        return this.#next('doors_request_give_up', outcome, now, random);
    }

    /** The pod has begun to answer; `marks` are Mark, added up. StepKind.DONE: pass the answer on. */
    answered(marks: number, now: Whole, random: Whole): Step {
        return this.#next('doors_request_answered', marks, now, random);
    }

    /** The request is over, however. Call it once: until then the request counts as in flight. */
    ended(now: Whole): void {
        ok(lib.doors_request_ended(this.#source.pointer, this.#memory, now));
    }
}
