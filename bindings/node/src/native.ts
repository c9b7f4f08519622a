/**
 * The functions of the C API, documented in docs/c-api.md.
 *
 * Loads the library in the package, or the one named by the environment variable DOORS_CADDY_LIBRARY.
 */
import koffi from 'koffi';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { prototypes, structs } from './layout.js';
import { ABI, NONE, Status } from './numbers.js';

export { prototypes, structs };

/** The name of a function. */
export type FunctionName = keyof typeof prototypes;
/** The name of a struct. */
export type StructName = keyof typeof structs;
/** The members of a struct, by their names in the header. */
export type Members = Record<string, any>;

/** Throws a RangeError for an integer that koffi would truncate. `type` is the C type. koffi checks all other values. */
function fits(name: string, type: string, value: unknown): void {
    const [, unsigned, bits] = /^(u?)int(\d+)_t$/.exec(type.replace('size_t', 'uint64_t')) ?? [];
    if (bits === undefined || (typeof value !== 'number' && typeof value !== 'bigint')) return;
    const least = unsigned ? 0n : -(1n << BigInt(Number(bits) - 1));
    const greatest = (1n << BigInt(unsigned ? bits : Number(bits) - 1)) - 1n;
    const whole = typeof value === 'bigint' || Number.isSafeInteger(value);
    if (!whole || value < least || value > greatest) {
        throw new RangeError(`${name}: ${value} must be a whole number from ${least} to ${greatest}`);
    }
}

/** The struct's members, if all integers among them fit. @internal */
export function checked(struct: StructName, members: Members): Members {
    for (const [name, { type }] of Object.entries(structs[struct].members ?? {})) fits(name, type.name, members[name]);
    return members;
}

/** The library in the package, for this platform. */
function prebuilt(): string {
    const platform = `${process.platform}-${process.arch}`;
    const folder = fileURLToPath(new URL('../prebuilt/', import.meta.url));
    const path = `${folder}${platform}/libdoors_caddy.so`;
    if (existsSync(path)) return path;
    const others = readdirSync(folder).join(', ');
    throw new Error(
        `the doors-caddy package contains a library for ${others}, not for ${platform}: build one and set DOORS_CADDY_LIBRARY to its path`,
    );
}

const library = koffi.load(process.env['DOORS_CADDY_LIBRARY'] ?? prebuilt());

/** Wraps a function of the library, and rejects integers that do not fit its parameters. */
function checking(name: string, prototype: string) {
    const call = library.func(prototype.replace(' (', ` ${name}(`));
    const parameters = /\((.*)\)/.exec(prototype)?.[1]?.split(', ') ?? [];
    const types = parameters.map((parameter) => parameter.split(' ')[0] ?? '');
    return (...values: unknown[]): any => {
        types.forEach((type, index) => fits(`${name}, argument ${index}`, type, values[index]));
        return call(...values);
    };
}

/** The functions, by their names. */
export const lib = Object.fromEntries(
    Object.entries(prototypes).map(([name, prototype]) => [name, checking(name, prototype)]),
) as Record<FunctionName, ReturnType<typeof checking>>;

/** Throws if the interface of the loaded library differs from that of this module. */
export function checkAbi(loaded: number): void {
    if (loaded === ABI) return;
    throw new Error(`libdoors_caddy ${lib.doors_version()} has interface ${loaded}, but this module needs interface ${ABI}`);
}
checkAbi(lib.doors_abi());

/** A call failed. */
export class DoorsError extends Error {
    override readonly name = 'DoorsError';
    /** The reason. */
    readonly status: Status;
    /** The zero-based index of the invalid key, CIDR or upstream; null if there is none. */
    readonly index: number | null;

    constructor(status: Status, message: string = lib.doors_status_str(status), index: number = NONE) {
        super(message);
        this.status = status;
        this.index = orNull(index);
    }
}

/** Throws a DoorsError for a failed call. `error` is its doors_error, if it has one. @internal */
export function ok(status: Status, error?: Members): void {
    if (status === Status.OK) return;
    throw error?.['message'] ? new DoorsError(status, error['message'], error['index']) : new DoorsError(status);
}

/** An index, or null for none. @internal */
export const orNull = (index: number): number | null => (index === NONE ? null : index);

/** A text of the library, which ends with a NUL. @internal */
export const textOf = (bytes: Buffer): string => bytes.toString('utf8', 0, bytes.indexOf(0));

/** Reads a list of structs of unknown length. `call` gets room for `cap` structs, and writes the length. @internal */
export function listOf(
    struct: StructName, call: (room: Uint8Array, cap: number, count: [number | bigint]) => Status,
): Members[] {
    for (let cap = 64; ;) {
        const [room, count]: [Uint8Array, [number | bigint]] = [roomFor(struct, cap), [0]];
        ok(call(room, cap, count));
        const length = Number(count[0]);
        if (length <= cap) return structsIn(struct, room, length);
        cap = length;
    }
}

/** Memory for structs. @internal */
export const roomFor = (struct: StructName, count: number): Uint8Array<ArrayBuffer> =>
    new Uint8Array(new ArrayBuffer(count * structs[struct].size));

/** The first `length` structs in memory. @internal */
export const structsIn = (struct: StructName, room: Uint8Array, length: number): Members[] =>
    Array.from({ length }, (_, at) => koffi.decode(room, at * structs[struct].size, structs[struct]));
