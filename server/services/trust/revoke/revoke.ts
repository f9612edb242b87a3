import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { RevokeInput, RevokeOutput } from '@/protocol/api/revocations';
import { slicesBelow } from '@/server/data/revoke/facts';
import * as write from '@/server/data/revoke/write';
import type { Db, Tx } from '@/server/db';
import { notify } from '@/server/notify';
import { audit } from '@/server/services/audit';
import { tell } from '@/server/services/notifications';
import type { Person } from '@/server/services/policy';
import { grouped } from './grouped';
import { type Scope, scopeOf } from './scope';

/**
 * Takes authority back before its time, with all that stands below it, in one transaction. Nodes that are online refuse what is below it within two
 * seconds, others at their next contact. Leases end at once, or run to their end and are not renewed. People whom it meets are told.
 * @throws Refused NOT_FOUND, NOT_ALLOWED, REVOKED, NODE_NOT_ENROLLED
 */
export function revoke(
  db: Db,
  person: Person,
  input: z.infer<typeof RevokeInput>,
  now: Date,
): Promise<z.infer<typeof RevokeOutput>> {
  return db.$transaction((tx) => revokeIn(tx, person, input, now), { timeout: 30_000 });
}

/** As `revoke`, in a transaction that has more to do. */
export async function revokeIn(
  tx: Tx,
  person: Person,
  { target, endLeases, reason }: z.infer<typeof RevokeInput>,
  now: Date,
): Promise<z.infer<typeof RevokeOutput>> {
  const scope = await scopeOf(tx, person, target);
  const slices = await slicesBelow(tx, [...new Set(scope.tickets.flatMap((one) => one.sliceId ?? []))]);
  const leases = scope.tickets.filter((one) => one.leased);
  await write.endDelegations(tx, scope.delegations, now);
  const tickets = await write.voidTickets(tx, scope.tickets);
  if (target.kind === 'agent') await write.endAgent(tx, target.id, now);
  if (target.kind === 'key') await write.endPrincipalKey(tx, target.id, now);
  if (target.kind === 'node') await write.endNodeKeys(tx, target.id, now);
  await write.endCertificates(tx, scope.keys, now);
  const id = randomUUID();
  const facts = {
    what: scope.what,
    name: scope.name,
    by: person.name,
    delegations: scope.delegations.length,
    tickets,
    leases: leases.length,
    slices: slices.map((slice) => slice.name).slice(0, 200),
    siteIds: scope.nodeIds === null ? [] : [...new Set(scope.delegations.map((one) => one.siteId))],
  };
  const number = await write.insertRevocations(
    tx,
    { id, endLeases, reason, byId: person.id, at: now, facts },
    scope.rows,
  );
  await tellAll(tx, person, scope, slices, { endLeases, reason, now });
  await audit(
    tx,
    person,
    'trust.revoked',
    scope.object,
    {
      what: scope.what,
      name: scope.name,
      reason,
      endLeases,
      tickets,
      leases: leases.length,
      delegations: facts.delegations,
      number,
    },
    now,
  );
  return { id, number, tickets, leases: leases.length, delegations: scope.delegations.length };
}

async function tellAll(
  tx: Tx,
  person: Person,
  scope: Scope,
  slices: Awaited<ReturnType<typeof slicesBelow>>,
  act: { endLeases: boolean; reason: string; now: Date },
): Promise<void> {
  const met = scope.tickets.filter((one) => act.endLeases || !one.leased).flatMap((one) => one.sliverId ?? []);
  const why = new Refused('AUTHORITY_REVOKED', {
    kind: scope.what,
    id: scope.name,
    by: person.name,
    at: act.now.toISOString(),
    why: act.reason,
  });
  const changed = await write.tellSlivers(tx, met, why.reason);
  for (const [slice, slivers] of grouped(changed, (one) => one.sliceId))
    await notify(tx, { k: 'sliver', slice, ids: slivers.map((one) => one.id) });
  for (const { name, members } of slices)
    await tell(
      tx,
      members.map((one) => one.id),
      {
        kind: 'authority-revoked',
        facts: { slice: name, by: person.name, what: scope.what, ends: act.endLeases, reason: act.reason },
        href: `/slices/${name}`,
        createdAt: act.now,
      },
    );
  if (scope.nodeIds) await notify(tx, { k: 'node', ids: scope.nodeIds });
  await notify(tx, { k: 'trust' });
}
