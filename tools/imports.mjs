// @ts-check
// What the linter's patterns cannot see: imports are resolved to files, so that cycles are found and relative paths do
// not slip past the arrows, and imports of types are told from imports of code.
// `node tools/imports.mjs` prints what is wrong and exits 1; `checkImports` is the same for tests.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'vite';

/** What each folder may import, itself aside. `types` may be imported as types only. */
const ARROWS = {
  core: { code: [], types: [] },
  protocol: { code: ['core'], types: [] },
  server: { code: ['core', 'protocol'], types: [] },
  'node-manager': { code: ['core', 'protocol'], types: [] },
  agent: { code: ['core', 'protocol'], types: [] },
  cli: { code: ['core', 'protocol'], types: ['server'] },
  components: { code: ['core', 'protocol'], types: ['server'] },
  app: { code: ['core', 'protocol', 'components', 'server'], types: [] },
};
/** Folders and files that are not walked. */
const SKIP = new Set(['node_modules', '.next', '.data', '.git', 'generated', 'public', 'docs']);
const SOURCE = /\.(ts|tsx|mjs|js)$/;
const TEST = /\.test\.tsx?$/;

/**
 * @typedef {{ file: string, target: string, typesOnly: boolean, dynamic: boolean }} Import
 */

/**
 * Everything that is wrong with the imports below a root; empty when all is well.
 *
 * @param {string} root
 * @returns {string[]}
 */
export function checkImports(root) {
  const files = sources(root, root);
  const imports = files.flatMap((file) => importsOf(root, file, new Set(files)));
  return [...imports.flatMap(againstArrow), ...cycles(imports)];
}

/** @param {Import} edge @returns {string[]} */
function againstArrow({ file, target, typesOnly }) {
  const [from, to] = [folderOf(file), folderOf(target)];
  const arrows = ARROWS[/** @type {keyof typeof ARROWS} */ (from)];
  if (!arrows || from === to || TEST.test(file)) return [];
  const allowed = /** @type {string[]} */ (arrows.code);
  if (allowed.includes(to)) return [];
  if (/** @type {string[]} */ (arrows.types).includes(to)) {
    return typesOnly ? [] : [`${file} imports code of ${target}: ${from} may import types of ${to} only`];
  }
  return [`${file} imports ${target}: ${from} may not import ${to}`];
}

/**
 * Cycles of code (an import of types leaves nothing behind at run time), each named once from its first file.
 *
 * @param {Import[]} imports
 * @returns {string[]}
 */
function cycles(imports) {
  /** @type {Map<string, string[]>} */
  const graph = new Map();
  for (const { file, target, typesOnly, dynamic } of imports) {
    // An import() runs after both modules are there.
    if (!typesOnly && !dynamic) graph.set(file, [...(graph.get(file) ?? []), target]);
  }
  const found = new Set();
  const done = new Set();
  const path = /** @type {string[]} */ ([]);
  /** @param {string} file */
  const visit = (file) => {
    const start = path.indexOf(file);
    if (start >= 0) {
      const cycle = path.slice(start);
      const first = cycle.indexOf([...cycle].sort()[0] ?? '');
      found.add([...cycle.slice(first), ...cycle.slice(0, first), cycle[first]].join(' → '));
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const target of graph.get(file) ?? []) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return [...found].map((cycle) => `import cycle: ${cycle}`);
}

/**
 * @param {string} root
 * @param {string} folder
 * @returns {string[]}
 */
function sources(root, folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (SKIP.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(root, path);
    return SOURCE.test(entry.name) ? [relative(root, path).split(sep).join('/')] : [];
  });
}

/**
 * @param {string} root
 * @param {string} file
 * @param {Set<string>} known
 * @returns {Import[]}
 */
function importsOf(root, file, known) {
  const source = readFileSync(join(root, file), 'utf8');
  const { module, errors } = parseSync(file, source);
  if (errors.length > 0 && module.staticImports.length === 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const specifiers = [
    ...module.staticImports.map((i) => ({
      specifier: i.moduleRequest.value,
      typesOnly: i.entries.length > 0 && i.entries.every((entry) => entry.isType),
      dynamic: false,
    })),
    ...module.staticExports.flatMap((e) =>
      e.entries.flatMap((entry) =>
        entry.moduleRequest ? [{ specifier: entry.moduleRequest.value, typesOnly: entry.isType, dynamic: false }] : [],
      ),
    ),
    ...module.dynamicImports.flatMap((i) => {
      const text = source.slice(i.moduleRequest.start, i.moduleRequest.end);
      return /^['"]/.test(text) ? [{ specifier: text.slice(1, -1), typesOnly: false, dynamic: true }] : [];
    }),
  ];
  return specifiers.flatMap(({ specifier, typesOnly, dynamic }) => {
    const target = resolveSpecifier(root, file, specifier, known);
    return target && target !== file ? [{ file, target, typesOnly, dynamic }] : [];
  });
}

/**
 * @param {string} root
 * @param {string} file
 * @param {string} specifier
 * @param {Set<string>} known
 * @returns {string | undefined} Nothing for a package.
 */
function resolveSpecifier(root, file, specifier, known) {
  const base = specifier.startsWith('@/')
    ? specifier.slice(2)
    : specifier.startsWith('.')
      ? relative(root, join(root, dirname(file), specifier))
          .split(sep)
          .join('/')
      : undefined;
  if (base === undefined) return undefined;
  const candidates = [base, ...['.ts', '.tsx', '.mjs', '.js', '/index.ts', '/index.tsx'].map((end) => base + end)];
  return candidates.find((candidate) => known.has(candidate)) ?? base;
}

/** @param {string} file */
function folderOf(file) {
  return file.split('/')[0] ?? '';
}

if (process.argv[1] && statSync(process.argv[1]).ino === statSync(fileURLToPath(import.meta.url)).ino) {
  const problems = checkImports(fileURLToPath(new URL('..', import.meta.url)));
  for (const problem of problems) console.error(problem);
  process.exit(problems.length > 0 ? 1 : 0);
}
