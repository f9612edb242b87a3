import { parseArgs } from 'node:util';
import { Unable } from './command';
import { link, linkTarget } from './files';
import { PATHS, UNIT_NAME, under } from './layout';
import { serviceManager } from './systemd';
import { versionFolder } from './version-folder';

export const UPGRADE_USAGE = 'meridian node upgrade <folder of the new version> [--root <folder>] [--dry-run]';

/**
 * `meridian node upgrade`: the link to the version that runs leads elsewhere, and the daemon is started anew; slivers run on. A version that
 * does not stay up is taken back, and the old one started again. Idempotent.
 */
export async function upgrade(args: string[], servicesOf = serviceManager): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { root: { type: 'string', default: '/' }, 'dry-run': { type: 'boolean', default: false } },
  });
  const [to] = positionals;
  if (!to || positionals.length > 1) throw new Unable(`Usage: ${UPGRADE_USAGE}`, 64);
  const { folder, version } = versionFolder(to);
  const current = under(values.root, PATHS.current);
  const before = linkTarget(current);
  if (!before) throw new Unable('No node manager is installed here. Install it first: meridian node install', 66);
  const change = link(current, folder);
  const say = (text: string) => process.stdout.write(`${text}\n`);
  if (values['dry-run']) {
    say(change ? `${change.what} (now ${before}), and start ${UNIT_NAME} anew` : 'Nothing to change.');
    return 0;
  }
  change?.apply();
  const services = servicesOf(values.root);
  if (await services.restart()) {
    say(
      services.runs
        ? `Meridian ${version} runs; slivers ran on.`
        : `Meridian ${version} is in place. Start the node manager anew: slivers run on.`,
    );
    return 0;
  }
  link(current, before)?.apply();
  const back = await services.restart();
  throw new Unable(
    `Meridian ${version} did not stay up (journalctl -u ${UNIT_NAME} -n 50 says why). ${before} is in place again and ${back ? 'runs' : 'does not stay up either'}.`,
  );
}
