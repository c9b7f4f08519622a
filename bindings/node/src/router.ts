/** Decisions: what the token and the cookie of a request mean. */
import { unpacked } from './address.js';
import { Handle, bytesOf, indexOf, keyIds, made } from './handle.js';
import type { Text } from './handle.js';
import { DecisionKind, HOST_SIZE, Status } from './numbers.js';
import type { Field, PathKind, Reason } from './numbers.js';
import { lib, ok, orNull, textOf } from './native.js';
import type { Members } from './native.js';

/** Where a request goes, and why. */
export interface Decision {
    /** To one pod, to a fresh pod of one upstream or of any, or nowhere. */
    kind: DecisionKind;
    reason: Reason;
    /** The zero-based index of the upstream in the configuration; null for DecisionKind.ANY and DecisionKind.GONE. */
    upstream: number | null;
    /** The zero-based index of the key that decrypted the token or cookie; null if none did. */
    key: number | null;
    /** The upstream's port; 0 for DecisionKind.ANY and DecisionKind.GONE. */
    port: number;
    /** The kind of the request. */
    path: PathKind;
    /** The address in the token or cookie; null if there is none. */
    address: string | null;
}

/** Where the pods of an upstream are found. */
export interface Upstream {
    /** A DNS name or an IP address. */
    host: string;
    port: number;
}

/** The decision of a doors_decision. @internal */
export const decisionFrom = ({ kind, reason, upstream, key, port, path, addr }: Members): Decision =>
    ({ kind, reason, upstream: orNull(upstream), key: orNull(key), port, path, address: unpacked(addr) });

/** Decides where requests go. Any number of workers may use one at once: see Router.shared(). */
export class Router extends Handle {
    /** The owner of the pointer, kept alive as long as this object. @internal */
    readonly owner: Handle | null;

    /** Creates a router from JSON such as `{"secret": KEYS, "upstreams": [{"cidr": "10.0.0.0/24", "host": "svc.example", "port": 8080}]}`. */
    constructor(json: Text);
    /** @internal */
    constructor(json: bigint, owner?: Handle);
    constructor(json: Text | bigint, owner: Handle | null = null) {
        super('router', typeof json === 'bigint' ? json : made('doors_router_new', json));
        this.owner = owner;
    }

    /** The router of another thread, by its `pointer`. That thread must keep it until this one has finished with it. */
    static shared(pointer: bigint): Router {
        return new Router(pointer);
    }

    override get pointer(): bigint {
        void this.owner?.pointer; // throws if the source is closed
        return super.pointer;
    }

    /** Decides where a request goes, by its escaped path or its whole target, and its Cookie header. */
    decide(path: Text, cookies: Text = ''): Decision {
        const [p, c, out]: [Buffer, Buffer, Members] = [bytesOf(path), bytesOf(cookies), {}];
        ok(lib.doors_router_decide(this.pointer, p, p.length, c, c.length, out));
        return decisionFrom(out);
    }

    /** The index of the upstream with the CIDR that contains the address; null if none does. */
    lookup(address: string): number | null {
        return indexOf('doors_router_lookup', this.pointer, address);
    }

    /** The number of upstreams. */
    get length(): number {
        const count: [number] = [0];
        ok(lib.doors_router_upstreams(this.pointer, count));
        return count[0];
    }

    /** One upstream, by its index. */
    upstream(index: number): Upstream {
        const host = Buffer.alloc(HOST_SIZE);
        const port: [number] = [0];
        ok(lib.doors_router_upstream(this.pointer, index, host, port));
        return { host: textOf(host), port: port[0] };
    }

    /** The IDs of the keys, in the order of the secret. */
    keyIds(): string[] {
        return keyIds('router', this.pointer);
    }

    /** Warnings about settings that are valid but probably mistakes. */
    warnings(): string[] {
        const found: string[] = [];
        for (;;) {
            const warning: Members = {};
            const status = lib.doors_router_warning(this.pointer, found.length, warning);
            if (status === Status.NO_MATCH) return found;
            ok(status);
            found.push(warning['message']);
        }
    }
}

/** Checks one value of a configuration, by the rules of Router. Throws a DoorsError that says what is wrong. */
export function check(field: Field, value: Text): void {
    const bytes = bytesOf(value);
    const error: Members = {};
    ok(lib.doors_check(field, bytes, bytes.length, error), error);
}
