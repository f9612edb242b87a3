import type { RevokePreview, RevokeTarget } from '@/protocol/api/revocations';
import { agentsOf, nodesBelow, slicesBelow } from '@/server/data/revoke/facts';
import type { Tx } from '@/server/db';
import type { Person } from '@/server/services/policy';
import { grouped } from './grouped';
import { scopeOf } from './scope';

/** Lists of names are for reading; the counts say the rest. */
const NAMES = 20;

/** What taking it back would do, told before; changes nothing. @throws Refused NOT_FOUND, NOT_ALLOWED, REVOKED, NODE_NOT_ENROLLED */
export async function previewRevocation(tx: Tx, person: Person, target: RevokeTarget): Promise<RevokePreview> {
  const scope = await scopeOf(tx, person, target);
  const leased = scope.tickets.filter((one) => one.leased);
  const nodes = await nodesBelow(tx, scope.nodeIds);
  const away = nodes.filter((node) => !node.online);
  const ofSlice = grouped(
    scope.tickets.filter((one) => one.sliceId),
    (one) => one.sliceId ?? '',
  );
  const slices = await slicesBelow(tx, [...ofSlice.keys()]);
  const people = new Map(slices.flatMap((slice) => slice.members.map((one) => [one.id, one])));
  const agents = await agentsOf(tx, [...new Set(scope.delegations.map((one) => one.agentId))]);
  const ends = leased.map((one) => one.endsAt.getTime());
  return {
    target,
    name: scope.name,
    final: scope.final,
    delegations: scope.delegations.length,
    agents: agents.map((agent) => agent.urn).slice(0, NAMES),
    tickets: scope.tickets.filter((one) => one.state === 'issued' && !one.leased).length,
    leases: leased.length,
    slivers: new Set(scope.tickets.flatMap((one) => one.sliverId ?? [])).size,
    slices: slices
      .map((slice) => ({ name: slice.name, slivers: ofSlice.get(slice.id)?.length ?? 0 }))
      .sort((a, b) => b.slivers - a.slivers)
      .slice(0, NAMES),
    sliceCount: slices.length,
    people: [...people.values()].slice(0, NAMES),
    peopleCount: people.size,
    nodes: {
      total: nodes.length,
      online: nodes.length - away.length,
      away: away.map((n) => n.hostname).slice(0, NAMES),
    },
    lastEnd: ends.length > 0 ? new Date(ends.reduce((a, b) => Math.max(a, b))) : null,
    warnings: scope.warnings,
  };
}
