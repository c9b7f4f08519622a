/// <reference lib="esnext.disposable" preserve="true" />
/** What all handles have in common. */
import { addrOf } from './address.js';
import { KEY_ID_SIZE, Status } from './numbers.js';
import { DoorsError, lib, ok, textOf } from './native.js';
import type { FunctionName, Members } from './native.js';

/** A text or its bytes. Paths and cookies may contain any bytes. */
export type Text = string | Uint8Array;

/** A whole number of up to 64 bits. */
export type Whole = number | bigint;

/** The bytes of a text, in UTF-8. @internal */
export const bytesOf = (text: Text): Buffer => (typeof text === 'string' ? Buffer.from(text) : Buffer.from(text));

type Kind = 'cipher' | 'cidrs' | 'router' | 'state' | 'source';
type Maker = (out: [bigint | null], error: Members) => Status;

let live = 0;

/** The number of handles created by this thread that are neither closed nor garbage-collected. */
export const liveHandles = (): number => live;

function free(kind: Kind, pointer: bigint): void {
    lib[`doors_${kind}_free`](pointer);
    live -= 1;
}

// Frees handles that were not closed.
const collected = new FinalizationRegistry<[Kind, bigint]>(([kind, pointer]) => free(kind, pointer));

/**
 * A handle of the library. Close it with `using` or close(). Otherwise it is freed when it is garbage-collected.
 */
export abstract class Handle implements Disposable {
    readonly #kind: Kind;
    readonly #owned: boolean;
    #pointer: bigint | null;

    /** Creates a handle by a call, or takes the pointer of a handle that another object owns and keeps alive. */
    protected constructor(kind: Kind, from: Maker | bigint) {
        this.#kind = kind;
        this.#owned = typeof from !== 'bigint';
        if (typeof from === 'bigint') {
            this.#pointer = from;
            return;
        }
        const out: [bigint | null] = [null];
        const error = {};
        ok(from(out, error), error);
        this.#pointer = out[0];
        live += 1;
        if (this.#pointer !== null) collected.register(this, [kind, this.#pointer], this);
    }

    /** The pointer of the C API, for workers and for `doors-caddy/native`. Throws a DoorsError after close(). */
    get pointer(): bigint {
        if (this.#pointer === null) throw new DoorsError(Status.NULL_POINTER, `this ${this.constructor.name} is closed`);
        return this.#pointer;
    }

    /** Frees the handle if this object owns it. Later calls throw a DoorsError; closing twice is allowed. */
    close(): void {
        if (this.#owned && this.#pointer !== null) {
            collected.unregister(this);
            free(this.#kind, this.#pointer);
        }
        this.#pointer = null;
    }

    [Symbol.dispose](): void {
        this.close();
    }
}

/** Makes a handle from a text. @internal */
export function made(name: FunctionName, text: Text): Maker {
    const bytes = bytesOf(text);
    return (out, error) => lib[name](bytes, bytes.length, out, error);
}

/** The IDs of the keys of a cipher or router. @internal */
export function keyIds(kind: 'cipher' | 'router', pointer: bigint): string[] {
    const count: [number] = [0];
    ok(lib[`doors_${kind}_keys`](pointer, count));
    return Array.from({ length: count[0] }, (_, index) => {
        const id = Buffer.alloc(KEY_ID_SIZE);
        ok(lib[`doors_${kind}_key_id`](pointer, index, id));
        return textOf(id);
    });
}

/** The index that a lookup of an address finds; null if it finds none. @internal */
export function indexOf(name: FunctionName, pointer: bigint, address: string): number | null {
    const index: [number] = [0];
    const status = lib[name](pointer, addrOf(address), index);
    if (status === Status.NO_MATCH) return null;
    ok(status);
    return index[0];
}
