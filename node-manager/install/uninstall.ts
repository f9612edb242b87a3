import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { decodeEnrolmentToken } from '@/protocol/pki/enrolment-token';
import { isRunning } from '../doctor/service-checks';
import type { Driver } from '../drivers/driver';
import { ownNames } from '../drivers/oci/oci-driver';
import { probeOci } from '../drivers/oci/probe';
import { nodeUrnIn } from '../enrolment/enrolment';
import { nodeEnv } from '../env';
import { programLog } from '../log';
import { nameOf } from '../sliver/names';
import { Unable } from './command';
import { installedEnvironment, PATHS, under } from './layout';
import { serviceManager } from './systemd';

export const UNINSTALL_USAGE = 'meridian node uninstall [--keep-data] [--yes] [--root <folder>]';

/**
 * `meridian node uninstall`: stops the daemon, ends every sliver with all that it has on the host, and removes unit, settings, link and data. With
 * --keep-data identity, journal and what slivers wrote stay: installing again goes on from there. What was cut in the middle goes on at the
 * next call.
 */
export async function uninstall(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      'keep-data': { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      root: { type: 'string', default: '/' },
    },
  });
  const { root, 'keep-data': keepData } = values;
  if (process.getuid?.() !== 0) throw new Unable('Uninstalling needs root.', 77);
  const environment = installedEnvironment(root);
  const env = nodeEnv({ MERIDIAN_NODE_DATA: PATHS.data, ...environment, ...tokenFile(root, environment) });
  const data = under(root, env.data);
  const urn = nodeUrnIn(`${data}/enrolment.json`) ?? (env.token ? decodeEnrolmentToken(env.token).node : null);
  const slivers = existsSync(`${data}/slivers`) ? readdirSync(`${data}/slivers`).length : 0;
  if (!values.yes) await confirm(urn ? nameOf(urn) : 'this node', slivers, keepData);

  const services = serviceManager(root);
  if (existsSync(under(root, PATHS.unit))) services.disable();
  if (isRunning(data)) throw new Unable(`A node manager still works on ${data}. Stop it first.`, 75);
  if (urn && existsSync(data)) {
    await endSlivers(urn, data, keepData, slivers);
    if (!keepData) rmSync(`${env.run}/${ownNames(urn, data).tag}.journal`, { force: true });
  }
  for (const path of [PATHS.unit, PATHS.environment, PATHS.token, PATHS.current])
    rmSync(under(root, path), { force: true });
  if (!keepData) rmSync(data, { recursive: true, force: true });
  for (const path of ['/etc/meridian', '/opt/meridian']) removeEmpty(under(root, path));
  services.reload();
  process.stdout.write(
    `${slivers} slivers ended; unit, settings and link removed${keepData ? `; ${data} is kept` : `, and ${data}`}. The node's record stays where it is enrolled: an operator removes it there.\n`,
  );
  return 0;
}

/** Ends all slivers of the node through the driver that made them. */
async function endSlivers(urn: string, data: string, keepData: boolean, expected: number): Promise<void> {
  const log = programLog('uninstall', 'warn');
  const images = { folder: `${data}/images`, mirror: null, build: false };
  const probed = await probeOci(data, urn, log, images);
  if ('missing' in probed) {
    if (expected === 0) return; // a simulated node never had any
    throw new Unable(
      `${expected} slivers are on this host, and they cannot be ended without ${probed.missing.join('; ')}.`,
    );
  }
  const driver: Driver = probed.driver;
  const { signal } = new AbortController();
  for (const id of (await driver.list(signal)).keys())
    await (keepData ? driver.stop(id, signal) : driver.remove(id, signal));
  await driver.close();
}

/** The token file that the settings name is below the same root. */
function tokenFile(root: string, environment: Record<string, string>): Record<string, string> {
  const path = environment.MERIDIAN_NODE_TOKEN_FILE;
  return path ? { MERIDIAN_NODE_TOKEN_FILE: under(root, path) } : {};
}

async function confirm(name: string, slivers: number, keepData: boolean): Promise<void> {
  if (!process.stdin.isTTY) throw new Unable('Nobody is here to ask. Say --yes when all of it shall go.', 64);
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const what = keepData ? 'its data stays' : 'its identity, its journal and all that slivers wrote go for good';
  const said = await lines.question(`${slivers} slivers on ${name} stop now; ${what}. Type ${name} to go on: `);
  lines.close();
  if (said.trim() !== name) throw new Unable('Nothing was changed.', 75);
}

function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // not there, or somebody else's things are in it
  }
}
