import { runCommand, Unable } from './command';
import { INSTALL_USAGE, install } from './install';
import { UNINSTALL_USAGE, uninstall } from './uninstall';
import { UPGRADE_USAGE, upgrade } from './upgrade';

const COMMANDS = { install, upgrade, uninstall };
const USAGE = [INSTALL_USAGE, UPGRADE_USAGE, UNINSTALL_USAGE].join('\n       ');

/** `meridian node install|upgrade|uninstall …`: the first argument says which. */
await runCommand(USAGE, (args) => {
  const [first = '', ...rest] = args;
  const command = Object.entries(COMMANDS).find(([name]) => name === first)?.[1];
  if (!command) throw new Unable(`Usage: ${USAGE}`, 64);
  return command(rest);
});
