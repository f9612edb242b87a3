import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { checkImports } from './imports.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

/** A tree of source files of the test's own, with the project's Biome settings. */
function plant(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-imports-'));
  made.push(folder);
  const { vcs: _vcs, $schema: _schema, ...biome } = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
  const all = {
    'biome.json': JSON.stringify(biome),
    'tsconfig.json': '{"compilerOptions":{"paths":{"@/*":["./*"]}}}',
    ...files,
  };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** What Biome says of the imports of a planted tree. */
function biome(folder: string, rule: string): string {
  const run = spawnSync(join(root, 'node_modules/.bin/biome'), ['lint', `--only=${rule}`, '--colors=off', '.'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return run.stdout + run.stderr;
}

const forbidden: [string, string][] = [
  ['core/x.ts', '@/protocol/trpc'],
  ['core/x.ts', 'node:fs'],
  ['protocol/x.ts', '@/server/db'],
  ['server/x.ts', '@/agent/main'],
  ['node-manager/a/b/x.ts', '@/agent/main'],
  ['agent/x.ts', '@/node-manager/main'],
  ['cli/x.ts', '@/agent/main'],
  ['components/x.tsx', '@/protocol/transport/client'],
  ['components/x.tsx', '@/app/layout'],
  ['app/x.tsx', '@/agent/main'],
];

describe('the arrows', () => {
  test.each(forbidden)('Biome refuses that %s imports %s', (file, target) => {
    expect(biome(plant({ [file]: `export { a } from '${target}';\n` }), 'style/noRestrictedImports')).toContain(
      'noRestrictedImports',
    );
  });

  test.each([
    ['core/a/x.ts', '../errors'],
    ['core/protocol/x.ts', './errors'],
    ['server/x.ts', '@/core/errors'],
    ['app/agent/x.tsx', '@/server/trpc/root'],
    ['components/fleet/agent/x.tsx', '@/components/ui/button'],
    ['agent/server/x.ts', '../server/tls'],
  ])('and has nothing against %s importing %s', (file, target) => {
    const said = biome(plant({ [file]: `export { a } from '${target}';\n` }), 'style/noRestrictedImports');
    expect(said).toContain('Checked');
    expect(said).not.toContain('noRestrictedImports');
  });

  test('components may import types of the server, not code', () => {
    const files = { 'server/root.ts': 'export type Router = 1; export const router = 1;' };
    expect(
      checkImports(
        plant({ ...files, 'components/x.ts': "import type { Router } from '@/server/root'; export type A = Router;" }),
      ),
    ).toEqual([]);
    expect(
      checkImports(
        plant({ ...files, 'components/x.ts': "import { router } from '@/server/root'; export const a = router;" }),
      ),
    ).toEqual(['components/x.ts imports code of server/root.ts: components may import types of server only']);
  });

  test.each([
    ['core/a/x.ts', '../../protocol/trpc', 'protocol/trpc.ts'],
    ['node-manager/a/b/x.ts', '../../../agent/main', 'agent/main.ts'],
  ])('a relative path does not slip past them: %s importing %s', (file, target, meant) => {
    const problems = checkImports(plant({ [file]: `export { a } from '${target}';`, [meant]: 'export const a = 1;' }));
    expect(problems).toEqual([expect.stringMatching(`^${file} imports ${meant}`)]);
  });

  test('an import() is an import', () => {
    expect(checkImports(plant({ 'agent/x.ts': "export const a = () => import('@/server/root');" }))).toHaveLength(1);
  });
});

describe('cycles', () => {
  const cycle = {
    'core/a.ts': "import { b } from '@/core/b'; export const a = () => b;",
    'core/b.ts': "import { c } from './sub/c'; export const b = () => c;",
    'core/sub/c.ts': "export { a as c } from '../a';",
  };
  test('are found through the alias, relative paths and re-exports', () => {
    expect(checkImports(plant(cycle))).toEqual(['import cycle: core/a.ts → core/b.ts → core/sub/c.ts → core/a.ts']);
  });
  test('are none where one link is of types only', () => {
    expect(
      checkImports(plant({ ...cycle, 'core/b.ts': "import type { c } from './sub/c'; export type B = typeof c;" })),
    ).toEqual([]);
  });
});
