/** Tokens, and lists of CIDRs. */
import { addrOf, unpacked } from './address.js';
import { Handle, bytesOf, indexOf, keyIds, made } from './handle.js';
import type { Text } from './handle.js';
import { TOKEN_SIZE } from './numbers.js';
import { lib, ok, textOf } from './native.js';
import type { Members } from './native.js';

/** The content of a token. */
export interface Opened {
    /** The address, IPv4 for an IPv4-mapped one. */
    address: string;
    /** The zero-based index of the key that decrypted it. */
    key: number;
}

/** Creates and decrypts tokens. Any number of workers may use one at once: see Cipher.shared(). */
export class Cipher extends Handle {
    /** Creates a cipher from one to eight AES keys in base64, separated by white space. The first encrypts; all decrypt. */
    constructor(secret: Text);
    /** @internal */
    constructor(secret: bigint);
    constructor(secret: Text | bigint) {
        super('cipher', typeof secret === 'bigint' ? secret : made('doors_cipher_new', secret));
    }

    /** The cipher of another thread, by its `pointer`. That thread must keep it until this one has finished with it. */
    static shared(pointer: bigint): Cipher {
        return new Cipher(pointer);
    }

    /** Creates a token for an address. Create one for each process and address, not one for each request. */
    encode(address: string): string {
        const token = Buffer.alloc(TOKEN_SIZE);
        ok(lib.doors_cipher_encode(this.pointer, addrOf(address), token, token.length, [0]));
        return textOf(token);
    }

    /** Decrypts a token. Throws a DoorsError with Status.TOKEN_FORMAT or Status.TOKEN_REFUSED for any other text. */
    decode(token: Text): Opened {
        const bytes = bytesOf(token);
        const out: Members = {};
        const key: [number] = [0];
        ok(lib.doors_cipher_decode(this.pointer, bytes, bytes.length, out, key));
        return { address: unpacked(out) ?? '', key: key[0] };
    }

    /** The IDs of the keys, in the order of the secret. They are not secret: log them to compare proxies and apps. */
    keyIds(): string[] {
        return keyIds('cipher', this.pointer);
    }
}

/**
 * Finds the CIDR with the longest prefix that contains an address. Any number of workers may use one at once: see
 * Cidrs.shared().
 */
export class Cidrs extends Handle {
    /** Creates a list from IPv4 and IPv6 CIDRs, separated by white space. */
    constructor(cidrs: Text);
    /** @internal */
    constructor(cidrs: bigint);
    constructor(cidrs: Text | bigint) {
        super('cidrs', typeof cidrs === 'bigint' ? cidrs : made('doors_cidrs_new', cidrs));
    }

    /** The list of another thread, by its `pointer`. That thread must keep it until this one has finished with it. */
    static shared(pointer: bigint): Cidrs {
        return new Cidrs(pointer);
    }

    /** The zero-based position of the CIDR in the list; null if none contains the address. */
    lookup(address: string): number | null {
        return indexOf('doors_cidrs_lookup', this.pointer, address);
    }
}
