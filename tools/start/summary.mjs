// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

/**
 * What a person needs to know once all runs.
 *
 * @param {{ settings: import('./settings.mjs').Settings, files: ReturnType<typeof import('./programs.mjs').dataFiles>,
 *   running: import('./program.mjs').Program[], tookMs: number }} system
 */
export function summary({ settings, files, running, tookMs }) {
  const accounts = demoAccounts(files.demo);
  const width = (/** @type {'role' | 'email'} */ key) => Math.max(...accounts.map((account) => account[key].length));
  const node = running.find((program) => program.spec.name === 'node');
  const driver = String(node?.facts.driver ?? node?.spec.env.MERIDIAN_NODE_DRIVER ?? '');
  const lines = [
    '',
    `  Meridian runs at ${settings.url}  (started in ${(tookMs / 1000).toFixed(1)} s)`,
    '',
    ...(accounts.length > 0
      ? ['  Sign in as']
      : [
          '  Make the first operator:',
          '    npm run meridian -- operator create --email you@example.org --name "Your name"',
        ]),
    ...accounts.map(
      ({ role, email, password }) => `    ${role.padEnd(width('role'))}  ${email.padEnd(width('email'))}  ${password}`,
    ),
    '',
    ...(node
      ? [`  This machine is a node: ${driver === 'simulated' ? 'simulated slivers only' : 'real slivers (crun)'}`]
      : []),
    '  Command line:  npm run meridian -- --help',
    `  Data and logs: ${shown(settings.data)}`,
    '  Ctrl-C stops everything.',
    '',
  ];
  return lines.join('\n');
}

/**
 * The demo's accounts as the seed wrote them; none when there is no demo.
 *
 * @param {string} file
 * @returns {{ role: string, email: string, password: string }[]}
 */
function demoAccounts(file) {
  if (!existsSync(file)) return [];
  try {
    const { accounts } = JSON.parse(readFileSync(file, 'utf8'));
    return accounts.map((/** @type {Record<string, string>} */ { role, email, password }) => ({
      role,
      email,
      password,
    }));
  } catch {
    return [];
  }
}

/** @param {string} path */
function shown(path) {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}
