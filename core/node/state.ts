import type { Reason } from '../errors';
import { isoAt } from '../time/span';
import { nextState, step, type Transitions } from '../transitions';
import { type Reachability, UNREACHABLE_AFTER_MS } from './reachability';

export const BOOT_STATES = ['registered', 'install', 'boot', 'debug', 'disabled'] as const;
export type BootState = (typeof BOOT_STATES)[number];
export const BOOT_EVENTS = ['install', 'installed', 'enrol', 'fail', 'repair', 'disable', 'enable'] as const;
export type BootEvent = (typeof BOOT_EVENTS)[number];

/** Boot state: what the machine is to do at its next boot. A node manager that enrols by itself has booted. */
export const BOOT_TRANSITIONS: Transitions<BootState, BootEvent> = {
  registered: { install: 'install', enrol: 'boot', disable: 'disabled' },
  install: { install: 'install', installed: 'boot', enrol: 'boot', fail: 'debug', disable: 'disabled' },
  boot: { install: 'install', enrol: 'boot', fail: 'debug', disable: 'disabled' },
  debug: { install: 'install', repair: 'boot', fail: 'debug', disable: 'disabled' },
  disabled: { disable: 'disabled', enable: 'registered' },
};

export const ADMIN_SWITCHES = ['open', 'draining', 'closed'] as const;
/**
 * The owner's switch: open takes slivers; draining keeps those it has and takes none; closed takes none, and its
 * owner wants it empty.
 */
export type AdminSwitch = (typeof ADMIN_SWITCHES)[number];
export const ADMIN_EVENTS = ['open', 'drain', 'close'] as const;
export type AdminEvent = (typeof ADMIN_EVENTS)[number];

const anySwitch = { open: 'open', drain: 'draining', close: 'closed' } as const;
export const ADMIN_TRANSITIONS: Transitions<AdminSwitch, AdminEvent> = {
  open: anySwitch,
  draining: anySwitch,
  closed: anySwitch,
};

export const nextBootState = (state: BootState, event: BootEvent) => nextState(BOOT_TRANSITIONS, state, event);
/** Throws `WRONG_STATE`. */
export const stepBoot = (state: BootState, event: BootEvent, id?: string) =>
  step('node', BOOT_TRANSITIONS, state, event, id);
/** Every event is allowed in every position. */
export const stepAdmin = (state: AdminSwitch, event: AdminEvent): AdminSwitch =>
  ADMIN_TRANSITIONS[state][event] ?? state;

/** What decides whether a node can be given new slivers. `node` is its URN; `lastSeen` epoch ms. */
export type NodeStanding = {
  node: string;
  bootState: BootState;
  enrolled: boolean;
  adminSwitch: AdminSwitch;
  reachability: Reachability;
  lastSeen: number | null;
};

/**
 * May new slivers be put on the node, and if not, why? The lasting reason comes first: not in service, not enrolled,
 * closed by its owner, away. A node that is merely late is usable.
 */
export function usable(n: NodeStanding): { ok: true } | { ok: false; reason: Reason } {
  const no = (code: Reason['code'], facts: Reason['facts']) => ({
    ok: false as const,
    reason: { code, facts: { node: n.node, ...facts } },
  });
  if (n.bootState !== 'boot') return no('NODE_NOT_BOOT', { bootState: n.bootState });
  if (!n.enrolled) return no('NODE_NOT_ENROLLED', {});
  if (n.adminSwitch !== 'open') return no('NODE_CLOSED', { adminSwitch: n.adminSwitch });
  if (n.reachability === 'unreachable') {
    const silent =
      n.lastSeen === null ? 'it has not reported yet' : `no heartbeat for more than ${UNREACHABLE_AFTER_MS / 1000} s`;
    return no('NODE_UNREACHABLE', { cause: silent, ...(n.lastSeen === null ? {} : { lastSeen: isoAt(n.lastSeen) }) });
  }
  return { ok: true };
}
