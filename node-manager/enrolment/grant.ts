import type { OwnerPolicy } from '@/core/node/owner-policy';
import { offeredTo } from '@/core/node/owner-policy';
import { HARD_RESOURCES, type HardAmounts } from '@/core/resources/vector';
import type { AgentWish } from '@/protocol/agent/agents';

/** What a node signs for an agent. */
export type Grant = { rights: HardAmounts; degreeMilli: number };

/** The grant that makes of a wish what the machine's owner lets it be; null: the owner lets that agent have nothing. */
export function grantOf(
  wish: Pick<AgentWish, 'urn' | 'shareMilli' | 'degreeMilli'>,
  offered: HardAmounts,
  owner: OwnerPolicy,
): Grant | null {
  const most = offeredTo(owner, wish.urn);
  if (!most) return null;
  const shareMilli = Math.min(wish.shareMilli, most.shareMilli);
  return { rights: partOf(offered, shareMilli), degreeMilli: Math.min(wish.degreeMilli, most.degreeMilli) };
}

/** Does the agent have just that already? */
export function isSame(a: Grant, b: Grant | null): boolean {
  return b !== null && a.degreeMilli === b.degreeMilli && HARD_RESOURCES.every((r) => a.rights[r] === b.rights[r]);
}

/** A part of the amounts, in thousandths, rounded down. */
export function partOf(amounts: HardAmounts, shareMilli: number): HardAmounts {
  const part = { ...amounts };
  for (const r of HARD_RESOURCES) part[r] = Math.floor((amounts[r] * shareMilli) / 1000);
  return part;
}
