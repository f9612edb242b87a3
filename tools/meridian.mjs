#!/usr/bin/env node
// `npm run meridian -- …`: the command line, and each program by itself (web, worker, agent, node, simulator) as
// production runs it. Programs read their environment; docs/operations.md lists it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { generateClient } from './start/build.mjs';
import { installPackages, ROOT } from './start/install.mjs';
import { fail } from './start/unable.mjs';

const PROGRAMS = {
  web: 'server/web.ts',
  worker: 'server/jobs/main.ts',
  agent: 'agent/main.ts',
  node: 'node-manager/main.ts',
  'simulate-daemon': 'node-manager/simulator.ts',
};

/** What the owner of a node's machine does there: programs of the node manager, which need no database. */
const OF_NODE = {
  doctor: ['node-manager/doctor/main.ts'],
  install: ['node-manager/install/main.ts', 'install'],
  upgrade: ['node-manager/install/main.ts', 'upgrade'],
  uninstall: ['node-manager/install/main.ts', 'uninstall'],
};

try {
  await installPackages();
  const [first = '', ...rest] = process.argv.slice(2);
  if (first === 'node' && Object.hasOwn(OF_NODE, rest[0] ?? '')) {
    const [main, ...args] = OF_NODE[rest[0]];
    process.exit(await run(join(ROOT, main), [...args, ...rest.slice(1)], process.env.INIT_CWD || process.cwd()));
  }
  await generateClient();
  // Programs take no arguments: `meridian node` runs a node manager, `meridian node show …` asks about one.
  const program = Object.hasOwn(PROGRAMS, first) && rest.length === 0 ? PROGRAMS[first] : undefined;
  const main = join(ROOT, program ?? 'cli/main.ts');
  process.exitCode = await run(
    main,
    program ? rest : process.argv.slice(2),
    program ? ROOT : process.env.INIT_CWD || process.cwd(),
  );
} catch (error) {
  process.exitCode = fail(error);
}
process.exit();

/** Runs a TypeScript program in our place: its input, output, signals and exit code are ours. */
function run(main, args, cwd) {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), main, ...args], {
      cwd,
      stdio: 'inherit',
      env: { ...process.env, TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.json') },
    });
    // The terminal sends Ctrl-C to both of us; what others send to us alone is passed on.
    process.on('SIGINT', () => {});
    for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    child.once('error', failed);
    child.once('exit', (code, signal) => done(code ?? (signal ? 1 : 0)));
  });
}
