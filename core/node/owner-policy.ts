import { Refused } from '../errors';
import { formatSeconds } from '../format/duration';
import { formatAmount, formatNumber, resourceName } from '../format/number';
import { parseUrn } from '../identity/urn';
import { HARD_RESOURCES, type HardAmounts, NOTHING } from '../resources/vector';
import { ADMIN_SWITCHES, type AdminSwitch } from './state';

/** Who may have slivers: what is barred may not, and where anything is allowed by name, only that may. */
export type AllowList = { allow: readonly string[]; bar: readonly string[] };

/** What the owner of a machine lays down for it, on the machine itself. */
export type OwnerPolicy = {
  /** Kept for the owner: never offered, never leased. */
  reserve: HardAmounts;
  /** Patterns of slices: of the URN, or of the name when a pattern does not begin with "urn:". `*` stands for anything. */
  slices: AllowList;
  /** Patterns of sites' login bases, such as `lab` or `uni*`. */
  sites: AllowList;
  /** Ports of the machine that slivers may publish, both ends included; null: none. */
  ports: { from: number; to: number } | null;
  /** The most slivers at any instant, future ones included; null: as many as fit. */
  maxSlivers: number | null;
  /** The longest a lease may last, from its start, renewals counted; null: as the deployment has it. */
  maxTermSeconds: number | null;
  /** The owner's switch beside the deployment's: the stricter holds. */
  adminSwitch: AdminSwitch;
  /**
   * To which agents the node delegates, and how much at most: the first line that an agent matches holds, one that matches none gets nothing.
   * Null: to all of the deployment's, as it wishes.
   */
  agents: readonly AgentLimit[] | null;
};

/**
 * `agent` is a pattern of the URN, or of the name when it does not begin with "urn:". Shares and degrees of oversubscription in
 * thousandths.
 */
export type AgentLimit = { agent: string; shareMilli: number; degreeMilli: number };
const NO_LIMIT = { shareMilli: 1000, degreeMilli: 100_000 };

/** What holds on a machine whose owner has said nothing. */
export const OPEN_POLICY: OwnerPolicy = {
  reserve: NOTHING,
  slices: { allow: [], bar: [] },
  sites: { allow: [], bar: [] },
  ports: { from: 10_000, to: 60_999 },
  maxSlivers: null,
  maxTermSeconds: null,
  adminSwitch: 'open',
  agents: null,
};

/** The stricter of two switches: closed before draining before open. */
export function stricter(a: AdminSwitch, b: AdminSwitch): AdminSwitch {
  return ADMIN_SWITCHES.indexOf(a) > ADMIN_SWITCHES.indexOf(b) ? a : b;
}

/** What is offered of a machine: what it has less what is kept for the owner, never below nothing. */
export function offered(capacity: HardAmounts, policy: OwnerPolicy): HardAmounts {
  const left = { ...capacity };
  for (const r of HARD_RESOURCES) left[r] = Math.max(0, capacity[r] - policy.reserve[r]);
  return left;
}

/** The most that the owner lets an agent (a URN) have of what is offered; null: nothing. */
export function offeredTo(policy: OwnerPolicy, agent: string): Omit<AgentLimit, 'agent'> | null {
  if (!policy.agents) return NO_LIMIT;
  const name = parseUrn(agent)?.name ?? agent;
  return policy.agents.find((one) => matches(one.agent, one.agent.startsWith('urn:') ? agent : name)) ?? null;
}

/** Throws `BARRED_BY_OWNER` unless the owner lets this slice (a URN) onto the node. */
export function judgeSlice(policy: OwnerPolicy, node: string, slice: string): void {
  const urn = parseUrn(slice);
  const names = [slice, urn?.name ?? slice];
  const site = urn?.site ?? '';
  const no = (what: 'slice' | 'site') => new Refused('BARRED_BY_OWNER', { node, what, slice, site });
  if (!lets(policy.slices, (pattern) => matches(pattern, names[pattern.startsWith('urn:') ? 0 : 1] ?? '')))
    throw no('slice');
  if (!lets(policy.sites, (pattern) => matches(pattern, site))) throw no('site');
}

function lets({ allow, bar }: AllowList, is: (pattern: string) => boolean): boolean {
  return !bar.some(is) && (allow.length === 0 || allow.some(is));
}

/** Does the text match the pattern as a whole? `*` stands for any characters, also none; case does not count. Linear in both. */
export function matches(pattern: string, text: string): boolean {
  const parts = pattern.toLowerCase().split('*');
  const lower = text.toLowerCase();
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return lower === first;
  if (!lower.startsWith(first) || lower.length < first.length + last.length || !lower.endsWith(last)) return false;
  let at = first.length;
  const end = lower.length - last.length;
  for (const part of rest) {
    const found = lower.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return at <= end;
}

/** The policy in sentences, for people who may not change it; nothing for what the owner left open. */
export function policyWords(p: OwnerPolicy): string[] {
  const kept = HARD_RESOURCES.filter((r) => p.reserve[r] > 0).map(
    (r) => `${formatAmount(r, p.reserve[r])} of ${resourceName(r)}`,
  );
  const names = (list: readonly string[]) => list.slice(0, 5).join(', ') + (list.length > 5 ? ' …' : '');
  const about = (what: string, { allow, bar }: AllowList) => [
    ...(allow.length > 0 ? [`Takes only ${what} ${names(allow)}.`] : []),
    ...(bar.length > 0 ? [`Takes no ${what} ${names(bar)}.`] : []),
  ];
  return [
    ...(p.adminSwitch === 'open' ? [] : [`Takes no new slivers: its owner has set it to ${p.adminSwitch}.`]),
    ...(kept.length > 0 ? [`Keeps ${kept.join(', ')} for its owner.`] : []),
    ...about('slices', p.slices),
    ...about('slices of the sites', p.sites),
    ...(p.maxSlivers === null ? [] : [`Holds at most ${formatNumber(p.maxSlivers)} slivers at a time.`]),
    ...(p.maxTermSeconds === null ? [] : [`Leases for at most ${formatSeconds(p.maxTermSeconds)}.`]),
    ...agentWords(p.agents),
    p.ports ? `Slivers may publish ports ${p.ports.from} to ${p.ports.to}.` : 'Slivers may publish no ports.',
  ];
}

function agentWords(agents: OwnerPolicy['agents']): string[] {
  if (!agents) return [];
  if (agents.length === 0) return ['Lets no agent hand out its resources.'];
  const each = agents.slice(0, 5).map(({ agent, shareMilli, degreeMilli }) => {
    const degree = degreeMilli > 1000 ? `, promised up to ${formatNumber(degreeMilli / 1000)} times over` : '';
    return `${agent} up to ${formatNumber(shareMilli / 10)} %${degree}`;
  });
  return [`Lets only these agents hand out its resources: ${each.join('; ')}${agents.length > 5 ? ' …' : ''}.`];
}
