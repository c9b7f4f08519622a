/** IP addresses as strings, and pods. */
import { isIP } from 'node:net';
import { checked } from './native.js';
import type { Members } from './native.js';

/** The address and port of a pod. */
export interface Pod {
    /** An IP address, IPv6 in the form of RFC 5952. */
    address: string;
    /** 1 to 65535. */
    port: number;
}

/** The 4 or 16 bytes of an address in network byte order. Throws a TypeError for a text that is not an IP address. */
export function packed(address: string): Uint8Array {
    const version = isIP(address);
    if (version === 0 || address.includes('%')) throw new TypeError(`"${address}" is not an IP address`);
    if (version === 4) return Uint8Array.from(address.split('.'), Number);
    // The URL parser writes an IPv4 address at the end as two groups.
    const [head, tail] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
    const groups = (part = '') => (part ? part.split(':').map((group) => parseInt(group, 16)) : []);
    const [first, last] = [groups(head), groups(tail)];
    const all = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
    return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 255]));
}

/** The text of a doors_addr; null for no address. @internal */
export function unpacked({ bytes, len }: Members): string | null {
    return len === 0 ? null : textOf(bytes, len);
}

function textOf(bytes: Uint8Array, length: number): string {
    if (length === 4) return Array.from(bytes.slice(0, 4)).join('.');
    const group = (at: number) => (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16);
    return new URL(`http://[${Array.from({ length: 8 }, (_, at) => group(at)).join(':')}]/`).hostname.slice(1, -1);
}

/** The doors_addr of an address; `len` is 0 for null. @internal */
export function addrOf(address: string | null): Members {
    const bytes = new Uint8Array(16);
    if (address === null) return { bytes, len: 0 };
    const short = packed(address);
    bytes.set(short);
    return { bytes, len: short.length };
}

/** The doors_pod of a pod. Throws a RangeError for a port that does not fit. @internal */
export const podOf = ({ address, port }: Pod): Members =>
    checked('doors_pod', { addr: addrOf(address), port, reserved: 0 });

/** The pod of a doors_pod that has an address. @internal */
export const podFrom = ({ addr, port }: Members): Pod => ({ address: textOf(addr.bytes, addr.len), port });
