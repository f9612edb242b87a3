import type { HardAmounts, HardResource } from '@/core/resources/vector';
import type { LinkState, TrustBox, TrustEdge } from '@/protocol/api/trust';
import { cores, kilobits, mebibytes } from '../fleet/amounts';
import { count, plural } from '../ui/format';
import type { Tone } from '../ui/state-mark';

/** How a link stands: its mark, its word, and what that means. */
export const STATE: Record<LinkState, { tone: Tone; word: string; means: string }> = {
  'in-force': { tone: 'running', word: 'In force', means: 'It may be issued from now.' },
  ending: {
    tone: 'degraded',
    word: 'Ending soon',
    means: 'It ends within seven days, and no newer one takes its place yet.',
  },
  'not-yet': { tone: 'progress', word: 'Not yet', means: 'Its term has not begun.' },
  'cut-off': {
    tone: 'failed',
    word: 'Cut off',
    means: 'A link above it was taken back or is over, so it hands out nothing.',
  },
  'taken-back': {
    tone: 'failed',
    word: 'Taken back',
    means: 'It, or the key of its issuer or grantee, was taken back before its time.',
  },
  expired: { tone: 'unknown', word: 'Expired', means: 'Its term is over.' },
  replaced: { tone: 'stopped', word: 'Replaced', means: 'A newer one of the same line took its place.' },
  void: { tone: 'unknown', word: 'Void', means: 'The node began anew since, with other records or another key.' },
};

export const RESOURCES: readonly { id: HardResource; word: string }[] = [
  { id: 'cpuMilli', word: 'Processor' },
  { id: 'memoryMiB', word: 'Memory' },
  { id: 'diskMiB', word: 'Disk' },
  { id: 'networkKbps', word: 'Network' },
];

/** One amount with its unit: "7,200 cores", "1.5 TiB", "2 Gbit/s". */
export function amount(resource: HardResource, value: number): string {
  if (resource === 'cpuMilli') return `${cores(value)} ${value === 1000 ? 'core' : 'cores'}`;
  return resource === 'networkKbps' ? kilobits(value) : mebibytes(value);
}

/** All four with their units, for a sentence. */
export function allAmounts(amounts: HardAmounts): string {
  return RESOURCES.map(
    ({ id, word }) => `${amount(id, amounts[id])}${id === 'cpuMilli' ? '' : ` ${word.toLowerCase()}`}`,
  ).join(', ');
}

/** "1.5 times", for a degree of oversubscription in thousandths. */
export function degree(milli: number): string {
  return milli === 1000 ? 'not oversubscribed' : `up to ${milli / 1000} times over`;
}

/** A box's own line, the one below it, and both in one. */
export function boxWords(box: TrustBox): { name: string; sub: string; full: string } {
  const nodes = plural(box.nodes, 'node');
  const sites = plural(box.sites, 'site');
  const whose = box.partner ? ` of ${box.partner}` : '';
  const said = (name: string, sub: string, full = name) => ({ name, sub, full });
  if (box.kind === 'agent') return said(box.name, `${box.partner ?? 'our agent'}${box.closed ? ', closed' : ''}`);
  if (box.kind === 'group') return said(nodes, `of ${sites}${whose && `,${whose}`}`, `${nodes} of ${sites}`);
  if (box.kind === 'site') return said(box.name, `${nodes}${whose}`);
  if (box.kind === 'node') return said(box.name, `node${whose}`);
  return box.sites > 1
    ? said(`${count(box.sites)} more sites`, nodes)
    : said(`${count(box.nodes)} more nodes`, 'of the opened site');
}

/** How an edge stands as a whole: what counts decides, and the worst of it is said. */
export function edgeState(edge: Pick<TrustEdge, 'states'>): LinkState {
  const { states } = edge;
  if (states['in-force']) return states.ending ? 'ending' : 'in-force';
  return (['ending', 'not-yet', 'cut-off', 'taken-back', 'expired'] as const).find((state) => states[state]) ?? 'void';
}

/** "712 in force, 9 ending soon, 3 taken back". */
export function stateCounts(edge: Pick<TrustEdge, 'states'>): string {
  return (['in-force', 'ending', 'not-yet', 'cut-off', 'taken-back', 'expired'] as const)
    .flatMap((state) => (edge.states[state] ? [`${count(edge.states[state])} ${STATE[state].word.toLowerCase()}`] : []))
    .join(', ');
}
