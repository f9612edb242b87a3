import type { FleetNode } from '@/protocol/api/fleet';
import type { Tone } from '../ui/state-mark';

export type { Tone };

/** How a node stands, in one word, from best to worst. */
export const STANDINGS = [
  'ready',
  'full',
  'late',
  'undelegated',
  'draining',
  'closed',
  'install',
  'debug',
  'disabled',
  'unreachable',
  'unenrolled',
] as const;
export type Standing = (typeof STANDINGS)[number];

export const STANDING: Readonly<Record<Standing, { label: string; tone: Tone; means: string }>> = {
  ready: { label: 'Ready', tone: 'running', means: 'Online and takes new slivers.' },
  full: { label: 'Full', tone: 'progress', means: 'Online, but with less free than the smallest sliver needs.' },
  late: { label: 'Late', tone: 'degraded', means: 'Its last heartbeat is overdue.' },
  undelegated: {
    label: 'No authority',
    tone: 'degraded',
    means: 'Online, but it lets no agent issue tickets for it now.',
  },
  draining: { label: 'Draining', tone: 'stopped', means: 'Keeps its slivers and takes no new ones.' },
  closed: { label: 'Closed', tone: 'stopped', means: 'Its site has closed it to slivers.' },
  install: { label: 'Installing', tone: 'progress', means: 'The machine is being installed.' },
  debug: { label: 'Debug', tone: 'failed', means: 'Booted into the locked-down debug state: it takes no slivers.' },
  disabled: { label: 'Disabled', tone: 'stopped', means: 'Taken out of service.' },
  unreachable: {
    label: 'Unreachable',
    tone: 'unknown',
    means: 'Nothing was heard of it for three heartbeats or more. Its leases run on.',
  },
  unenrolled: { label: 'Not enrolled', tone: 'unknown', means: 'Known by name; no node manager has enrolled for it.' },
};

/** The one word for a node now. */
export function standingOf(node: Pick<FleetNode, 'bootState' | 'adminSwitch' | 'reachability' | 'unusable'>): Standing {
  if (node.bootState === 'disabled' || node.bootState === 'debug' || node.bootState === 'install')
    return node.bootState;
  if (node.bootState === 'registered' || node.unusable?.code === 'NODE_NOT_ENROLLED') return 'unenrolled';
  // Enrolled and never heard of since is as far away as silent for three heartbeats.
  if (node.reachability === 'unreachable' || node.reachability === 'never') return 'unreachable';
  if (node.adminSwitch !== 'open') return node.adminSwitch;
  // The owner's own switch, on the machine.
  if (node.unusable?.code === 'NODE_CLOSED')
    return node.unusable.facts.adminSwitch === 'draining' ? 'draining' : 'closed';
  if (node.unusable?.code === 'NOT_DELEGATED') return 'undelegated';
  if (node.reachability === 'late') return 'late';
  return node.unusable?.code === 'NODE_FULL' ? 'full' : 'ready';
}

export function toneOf(node: Parameters<typeof standingOf>[0]): Tone {
  return STANDING[standingOf(node)].tone;
}
