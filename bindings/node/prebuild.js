// Puts the shared library and the licence into the package before `npm pack`, and the platform into package.json, from which
// `node prebuild.js after` removes it again. Takes the library from target/prefix, where scripts/stages/package.sh installs it,
// or from the path in the environment variable DOORS_CADDY_LIBRARY.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { os, cpu, libc, ...rest } = JSON.parse(readFileSync(here('package.json')));
const describe = (content) => writeFileSync(here('package.json'), `${JSON.stringify(content, null, 4)}\n`);

if (process.argv[2] === 'after') {
    describe(rest);
    process.exit();
}
const library = process.env.DOORS_CADDY_LIBRARY ?? here('../../target/prefix/lib/libdoors_caddy.so');
if (!existsSync(library)) {
    console.error(`${library} does not exist: run scripts/stages/package.sh, or name another library with DOORS_CADDY_LIBRARY`);
    process.exit(1);
}
const folder = here(`prebuilt/${process.platform}-${process.arch}`);
mkdirSync(folder, { recursive: true });
copyFileSync(library, `${folder}/libdoors_caddy.so`);
copyFileSync(here('../../LICENSE'), here('LICENSE'));
const glibc = process.report.getReport().header.glibcVersionRuntime;
describe({ ...rest, os: [process.platform], cpu: [process.arch], libc: [glibc ? 'glibc' : 'musl'] });
