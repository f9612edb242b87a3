import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const UNIT_NAME = 'meridian-node.service';

/** Where an installed node manager is, as its unit says it. Below another root (an image, a test) the same paths. */
export const PATHS = {
  unit: `/etc/systemd/system/${UNIT_NAME}`,
  environment: '/etc/meridian/node.env',
  token: '/etc/meridian/node.token',
  /** A link to the folder of the version that runs. */
  current: '/opt/meridian/current',
  data: '/var/lib/meridian-node',
} as const;

/** A path below another root; `/` is this machine itself. */
export function under(root: string, path: string): string {
  return root === '/' ? path : join(root, path);
}

/** What the installed node manager is told: its environment file's lines; empty where none is installed. */
export function installedEnvironment(root: string): Record<string, string> {
  const file = under(root, PATHS.environment);
  if (!existsSync(file)) return {};
  return Object.fromEntries(
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const m = /^([A-Z_]+)=(.*)$/.exec(line);
        return m?.[1] ? [[m[1], unquoted(m[2] ?? '')]] : [];
      }),
  );
}

function unquoted(text: string): string {
  return /^'.*'$/.test(text) ? text.slice(1, -1) : text;
}
