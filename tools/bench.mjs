#!/usr/bin/env node
// `npm run bench -- <name>`: runs bench/<name>.ts in a process of its own, prints its table and keeps it in
// .data/bench/<name>.json. Without a name: all of them, and one table at the end.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { table } from './bench/table.mjs';
import { generateClient } from './start/build.mjs';
import { installPackages, ROOT } from './start/install.mjs';
import { fail, Unable } from './start/unable.mjs';

const RESULTS = join(ROOT, '.data', 'bench');

try {
  const names = (existsSync(join(ROOT, 'bench')) ? readdirSync(join(ROOT, 'bench')) : [])
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -3));
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new Unable(64, `There is no bench "${unknown.join(', ')}". There are: ${names.join(', ') || 'none'}.`);
  await installPackages();
  await generateClient();
  mkdirSync(RESULTS, { recursive: true, mode: 0o711 });
  const results = [];
  let failed = 0;
  for (const name of asked.length > 0 ? asked : names) {
    console.log(`\n── ${name}`);
    const result = await runOne(name);
    if (!result) {
      failed += 1;
      console.log(`${name} failed`);
      continue;
    }
    results.push(result);
    console.log(table(result.rows));
  }
  if (results.length + failed > 1) {
    console.log('\n── all');
    console.log(
      table(results.flatMap(({ name, rows }) => rows.map((row) => ({ ...row, case: `${name}: ${row.case}` })))),
    );
  }
  process.exitCode = failed > 0 || results.length === 0 ? 1 : 0;
} catch (error) {
  process.exitCode = fail(error);
}
process.exit();

/** Runs one bench; undefined when it failed. */
async function runOne(name) {
  const file = join(RESULTS, `${name}.json`);
  rmSync(file, { force: true });
  const code = await new Promise((done, failed) => {
    const child = spawn(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), join(ROOT, 'tools/bench/one.mjs'), name, file],
      {
        cwd: ROOT,
        stdio: 'inherit',
        env: { ...process.env, NODE_ENV: 'production', TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.json') },
      },
    );
    process.once('SIGINT', () => {});
    process.once('SIGTERM', () => child.kill('SIGTERM'));
    child.once('error', failed);
    child.once('exit', done);
  });
  return code === 0 && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}
