import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { decodeEnrolmentToken } from '@/protocol/pki/enrolment-token';
import { nodeEnv } from '../env';
import { ROOT } from '../version';
import { Unable } from './command';
import { type Change, file, folder, link } from './files';
import { installedEnvironment, PATHS, UNIT_NAME, under } from './layout';
import { serviceManager } from './systemd';
import { unitText } from './unit';
import { versionFolder } from './version-folder';

export const INSTALL_USAGE =
  'meridian node install [--token-file <file>] [--address <host:port>|relay] [--listen <host:port>] [--metrics <host:port>|off] [--driver auto|oci|simulated] [--from <folder>] [--root <folder>] [--dry-run]';

const OPTIONS = {
  'token-file': { type: 'string' },
  address: { type: 'string' },
  listen: { type: 'string' },
  metrics: { type: 'string' },
  driver: { type: 'string' },
  from: { type: 'string', default: ROOT },
  root: { type: 'string', default: '/' },
  'dry-run': { type: 'boolean', default: false },
} as const;

/**
 * `meridian node install`: unit, settings, folders, and the link to the version that runs; then the unit is started, or started anew where
 * something changed. Idempotent: what is so already is left alone. Settings that are not named stay as they were.
 */
export async function install(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const { root } = values;
  if (process.getuid?.() !== 0 && root === '/' && !values['dry-run'])
    throw new Unable('Installing needs root. With --dry-run it only says what it would do.', 77);
  const { folder: from, version } = versionFolder(values.from);
  const token = readToken(values['token-file']);
  const environment = environmentText(installedEnvironment(root), values, token !== null);
  const at = (path: string) => under(root, path);
  const changes = [
    folder(at('/etc/meridian'), 0o755),
    folder(at(PATHS.data), 0o700),
    token && file(at(PATHS.token), `${token}\n`, 0o600),
    file(at(PATHS.environment), environment, 0o600),
    file(at(PATHS.unit), unitText({ node: process.execPath }), 0o644),
    link(at(PATHS.current), from),
  ].filter((change): change is Change => Boolean(change));
  const said = changes.map(({ what }) => `${what}\n`).join('') || 'Nothing to change.\n';
  if (values['dry-run']) {
    process.stdout.write(
      `${said}\n--- ${PATHS.unit}\n${unitText({ node: process.execPath })}\n--- ${PATHS.environment}\n${environment}`,
    );
    return 0;
  }
  for (const { apply } of changes) apply();
  process.stdout.write(said);
  return await start(root, changes.length > 0, version);
}

async function start(root: string, changed: boolean, version: string): Promise<number> {
  const services = serviceManager(root);
  if (!services.runs) {
    process.stdout.write(
      `Meridian ${version} is installed. systemd does not run here: start it by what does, as the unit says.\n`,
    );
    return 0;
  }
  if (changed) services.reload();
  services.enable();
  if (changed && !(await services.restart()))
    throw new Unable(`The unit did not stay up. Its log says why: journalctl -u ${UNIT_NAME} -n 50`);
  process.stdout.write(`Meridian ${version} runs as ${UNIT_NAME}. Its log: journalctl -fu ${UNIT_NAME}\n`);
  return 0;
}

/** From a file, `-` for standard input, or the environment: never an argument, which everybody on the machine could read. */
function readToken(path: string | undefined): string | null {
  const text =
    path === undefined ? (process.env.MERIDIAN_NODE_TOKEN ?? '') : readFileSync(path === '-' ? 0 : path, 'utf8');
  if (!text.trim()) return null;
  decodeEnrolmentToken(text); // a sentence now instead of a unit that does not come up
  return text.trim();
}

type Wanted = { address?: string; listen?: string; metrics?: string; driver?: string };

/** The environment file: what was there, with what was asked for now. @throws Refused CONFIG_INVALID for what the node would refuse */
function environmentText(before: Record<string, string>, wanted: Wanted, token: boolean): string {
  const { address, listen, metrics, driver } = wanted;
  const settings: Record<string, string | undefined> = {
    MERIDIAN_NODE_LISTEN: '0.0.0.0:7430',
    MERIDIAN_NODE_METRICS_LISTEN: '127.0.0.1:7431',
    ...before,
    MERIDIAN_NODE_DATA: PATHS.data,
    ...(address ? { MERIDIAN_NODE_ADDRESS: address } : {}),
    ...(listen ? { MERIDIAN_NODE_LISTEN: listen } : {}),
    ...(metrics ? { MERIDIAN_NODE_METRICS_LISTEN: metrics === 'off' ? '' : metrics } : {}),
    ...(driver ? { MERIDIAN_NODE_DRIVER: driver } : {}),
    ...(token ? { MERIDIAN_NODE_TOKEN_FILE: PATHS.token } : {}),
  };
  nodeEnv({ ...settings, MERIDIAN_NODE_TOKEN_FILE: undefined });
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${quoted(value ?? '')}\n`);
  return `# Settings of the node manager (docs/operations.md); \`meridian node install\` keeps what is added here.\n${lines.join('')}`;
}

/** systemd takes quotes, backslashes and blanks of an unquoted value for its own. */
function quoted(text: string): string {
  return /^[A-Za-z0-9_.:,/@[\]-]*$/.test(text) ? text : `'${text.replaceAll("'", '')}'`;
}
