import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Unable } from './command';
import { UNIT_NAME } from './layout';

const SYSTEMCTL_MS = 60_000;
/** A start counts as good when the unit is still up after this long. */
const SETTLED_MS = 3_000;

/** The machine's own service manager, or none: below another root, and where something else is process 1. */
export type ServiceManager = {
  readonly runs: boolean;
  reload(): void;
  enable(): void;
  /** Starts the unit, or starts it anew; resolves with whether it stayed up. */
  restart(): Promise<boolean>;
  /** Stops and disables it; slivers run on. */
  disable(): void;
};

export function serviceManager(root: string): ServiceManager {
  if (root !== '/' || !existsSync('/run/systemd/system'))
    return { runs: false, reload() {}, enable() {}, restart: () => Promise.resolve(true), disable() {} };
  return {
    runs: true,
    reload: () => systemctl('daemon-reload'),
    enable: () => systemctl('enable', UNIT_NAME),
    restart: async () => {
      systemctl('restart', UNIT_NAME);
      await sleep(SETTLED_MS);
      return spawnSync('systemctl', ['is-active', '--quiet', UNIT_NAME]).status === 0;
    },
    disable: () => systemctl('disable', '--now', UNIT_NAME),
  };
}

function systemctl(...args: string[]): void {
  const run = spawnSync('systemctl', args, { encoding: 'utf8', timeout: SYSTEMCTL_MS });
  if (run.status !== 0)
    throw new Unable(`systemctl ${args.join(' ')} failed: ${run.stderr.trim() || run.error?.message}`);
}
