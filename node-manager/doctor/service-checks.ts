import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { bestOffset, type ClockReading } from '@/core/time/clock-offset';
import { anonymousAgentClient } from '@/protocol/transport/client';
import { lockDirectory } from '../journal/lock';
import { type Finding, less, missing, ok } from './finding';
import { text } from './host';

const CLOCK_READINGS = 3;
/** Beyond this statements of others are refused (DESIGN.md: 300 s of skew); the second is a clock that nobody sets. */
const SKEW_MS = 300_000;
const SLOPPY_MS = 1_000;

/** Whether this machine runs daemons, and restarts them. */
export function systemd(): Finding {
  if (existsSync('/run/systemd/system')) return ok('systemd', 'runs this machine');
  return less(
    'systemd',
    'does not run this machine: nothing starts the node manager at boot or after a crash',
    'start it by your own init: meridian node',
  );
}

/** Whether the port can be had; one that this very node manager listens on is fine. */
export async function port(id: string, listen: { host: string; port: number }, data: string): Promise<Finding> {
  const where = `${listen.host}:${listen.port}`;
  const problem = await new Promise<string | null>((resolve) => {
    const server = createServer();
    server.once('error', (err: NodeJS.ErrnoException) => resolve(err.code ?? err.message));
    server.listen(listen.port, listen.host, () => server.close(() => resolve(null)));
  });
  if (problem === null) return ok(id, `${where} is free`);
  if (problem === 'EADDRINUSE' && isRunning(data)) return ok(id, `${where}: this node manager listens there`);
  const mend =
    problem === 'EADDRINUSE'
      ? `stop what listens there (ss -ltnp 'sport = :${listen.port}'), or choose another`
      : 'choose an address of this host';
  return missing(id, `${where} cannot be had (${problem})`, mend);
}

/** Whether a node manager has this data open. */
export function isRunning(data: string): boolean {
  if (!existsSync(`${data}/journal`)) return false;
  try {
    lockDirectory(`${data}/journal`)();
    return false;
  } catch {
    return true;
  }
}

/** This clock against the agent's, by the midpoint of the quickest of three questions. `agent` is null for a node that knows none yet. */
export async function clock(agent: { address: string; ca: string } | null): Promise<Finding> {
  const synced =
    existsSync('/run/systemd/timesync/synchronized') || existsSync('/run/chrony') || existsSync('/run/ntpd.pid');
  const mend = synced ? null : 'timedatectl set-ntp true (or: apt-get install -y chrony)';
  if (!agent) return less('clock', 'not compared: this node knows no agent yet', null);
  const { client, close } = anonymousAgentClient(agent.address, agent.ca, { answerMs: 5_000 });
  try {
    const readings: ClockReading[] = [];
    for (let i = 0; i < CLOCK_READINGS; i++) {
      const [askedAt, from] = [Date.now(), performance.now()];
      const { now } = await client.config.query();
      readings.push({ askedAt, tookMs: performance.now() - from, theirs: Date.parse(now) });
    }
    const best = bestOffset(readings);
    if (!best) return less('clock', 'not compared');
    const off = Math.abs(best.offsetMs);
    const found = `${Math.round(off)} ms ${best.offsetMs > 0 ? 'behind' : 'ahead of'} the agent (± ${Math.ceil(best.errorMs)} ms)`;
    if (off - best.errorMs > SKEW_MS)
      return missing('clock', `${found}: what others sign is refused`, mend ?? 'set the clock');
    return off - best.errorMs > SLOPPY_MS ? less('clock', found, mend ?? 'set the clock') : ok('clock', found);
  } catch {
    return less('clock', `not compared: the agent at ${agent.address} does not answer`, null);
  } finally {
    await close();
  }
}

/** The kernel's own line on how it was started, for who reads a report elsewhere. */
export function machine(): Finding {
  return ok('machine', `${text('/proc/sys/kernel/hostname') || 'unnamed'}, Node ${process.version}`);
}
