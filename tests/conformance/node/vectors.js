/** The shared vectors. Each function says how many it has checked. */
import { Cidrs, Cipher, DecisionKind, Field, Router, Status, check as validate, nameOf } from 'doors-caddy';
import { check, read, refused, total, using } from './support.js';

/** The bytes of a member, or of its _base64 form. */
const text = (vector, member) => {
    const encoded = vector[`${member}_base64`];
    return encoded === undefined ? Buffer.from(vector[member]) : Buffer.from(encoded, 'base64');
};

/** An error is the one that a vector wants. */
function expect(error, status, vector) {
    const { message } = error;
    check(error.status === status && error.index === vector.index && message, vector.name, message, error.index);
    check((vector.contains ?? []).every((part) => message.includes(part)), vector.name, message);
    check(!(vector.never ?? []).some((part) => message.includes(part)), vector.name, message);
}

export function tokens() {
    const vectors = read('tests/vectors/tokens.json');
    for (const v of vectors.accepted) {
        using(new Cipher(v.secret), (cipher) => check(JSON.stringify(cipher.decode(v.token)) === JSON.stringify({ address: v.address, key: v.key }), v.name));
    }
    for (const v of vectors.encoded) {
        using(new Cipher(v.secret), (cipher) => {
            const token = cipher.encode(v.address);
            check(token.length === v.length, v.name, token);
            check(cipher.decode(token).address === v.decodes_to, v.name, cipher.decode(token));
        });
    }
    const statuses = { base64: Status.TOKEN_FORMAT, cipher: Status.TOKEN_REFUSED };
    for (const v of vectors.refused) {
        using(new Cipher(v.secret), (cipher) => {
            const error = refused(() => cipher.decode(text(v, 'token')));
            check(error.status === statuses[v.error], v.name, error.message);
            check(error.message === nameOf('status', error.status), v.name, error.message);
        });
    }
    return total(vectors);
}

export function secrets() {
    const vectors = read('tests/vectors/secrets.json');
    for (const v of vectors.accepted) {
        const upstreams = [{ cidr: '10.0.0.0/24', host: 'a', port: 1 }];
        for (const made of [new Cipher(v.secret), new Router(JSON.stringify({ secret: v.secret, upstreams }))]) {
            using(made, () => check(made.keyIds().join() === v.key_ids.join(), v.name, made.keyIds()));
        }
        validate(Field.SECRET, v.secret);
    }
    for (const v of vectors.refused) {
        for (const call of [() => new Cipher(v.secret), () => validate(Field.SECRET, v.secret)]) {
            const error = refused(call);
            expect(error, Status.SECRET, v);
            const keys = v.secret.split(/\s+/).filter((key) => key.length > 8);
            check(!keys.some((key) => error.message.includes(key.slice(0, 8))), v.name, error.message);
        }
    }
    return total(vectors);
}

export function cidrs() {
    const vectors = read('tests/vectors/cidrs.json');
    let count = vectors.refused.length;
    for (const v of vectors.tables) {
        using(new Cidrs(v.cidrs.join(' ')), (table) => {
            for (const { address, index } of v.lookups) check(table.lookup(address) === index, v.name, address);
        });
        count += v.lookups.length;
    }
    for (const v of vectors.refused) expect(refused(() => new Cidrs(v.cidrs.join(' '))), Status.CIDR, v);
    return count;
}

export function decisions() {
    let count = 0;
    for (const v of read('tests/vectors/decisions.json').routers) {
        using(new Router(JSON.stringify(v.config)), (router) => {
            for (const request of v.requests) {
                count += 1;
                const got = router.decide(text(request, 'path'), text(request, 'cookies'));
                const about = [v.name, request.name, got];
                check(got.kind === request.kind && got.reason === request.reason, ...about);
                check(got.upstream === request.upstream && got.key === request.key, ...about);
                check(got.port === request.port && got.path === request.path_kind, ...about);
                check(got.address === request.address, ...about);
                if (got.upstream !== null) {
                    const { host, port } = router.upstream(got.upstream);
                    check(host === v.config.upstreams[got.upstream].host && port === got.port, ...about, host);
                }
                if (got.kind === DecisionKind.POD) check(router.lookup(got.address) === got.upstream, ...about);
            }
        });
    }
    return count;
}

export function config() {
    const vectors = read('tests/vectors/config.json');
    for (const v of vectors.accepted) {
        using(new Router(text(v, 'json')), (router) => {
            check(router.length === v.upstreams, v.name, router.length);
            for (let i = 0; i < router.length; i += 1) validate(Field.HOST, router.upstream(i).host);
            const warnings = router.warnings();
            check(warnings.length === v.warnings.length, v.name, warnings);
            v.warnings.forEach((wanted, i) => {
                check(wanted.every((part) => warnings[i]?.includes(part)), v.name, warnings);
            });
        });
    }
    for (const v of vectors.refused) expect(refused(() => new Router(text(v, 'json'))), v.status, v);
    return total(vectors);
}

/** The words of every number, and "unknown" for all others. */
export function numbers() {
    const vectors = read('tests/conformance/names.json');
    for (const [what, words] of Object.entries(vectors)) {
        for (let n = 0; n < 256; n += 1) check(nameOf(what, n) === (words[n] ?? 'unknown'), what, n);
    }
    return total(vectors);
}
