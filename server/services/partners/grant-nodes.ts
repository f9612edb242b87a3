import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { GrantChange, GrantInput, PartnerView } from '@/protocol/api/partners';
import { delegationsTo, endGrants, endPartner, endReplaced, putGrants } from '@/server/data/partner-grants';
import { lockPartner } from '@/server/data/partners';
import type { Db, Tx } from '@/server/db';
import { notify } from '@/server/notify';
import { audit } from '../audit';
import type { Person } from '../policy';
import { revokeIn } from '../trust/revoke/revoke';
import { partnerView } from './partner-view';
import { planGrant } from './plan-grant';

type Change = z.infer<typeof GrantChange>;
const TIMEOUT_MS = 30_000;

/**
 * Sets all that a partner has of us: our agent signs a delegation for each node that is new or changed within a second or two, and what is
 * not among them is taken back here and now. Idempotent. @throws as `planGrant`, and what `revoke` throws
 */
export function grantNodes(db: Db, by: Person, input: GrantInput, change: Change, now: Date): Promise<PartnerView> {
  return db.$transaction(
    async (tx) => {
      const { partner, nodes, removed, until, preview } = await planGrant(tx, input, now);
      const { shareMilli, degreeMilli } = input;
      await putGrants(
        tx,
        partner.id,
        nodes.map((node) => node.id),
        { shareMilli, degreeMilli, until },
      );
      const gone = removed.map((node) => node.id);
      if (gone.length > 0) await takeBack(tx, by, partner.id, gone, change, now);
      const facts = { nodes: preview.nodes, added: preview.added, removed: preview.removed, shareMilli, degreeMilli };
      const object = { kind: 'partner', id: partner.authority };
      await audit(tx, by, 'partner.grant', object, { ...facts, until: until.toISOString() }, now);
      await notify(tx, { k: 'trust' });
      return partnerView(tx, partner.authority);
    },
    { timeout: TIMEOUT_MS },
  );
}

/** Takes back all that a partner has of us; it stays a partner. Idempotent. @throws Refused NOT_FOUND */
export function revokeGrant(db: Db, by: Person, authority: string, change: Change, now: Date): Promise<PartnerView> {
  return db.$transaction(
    async (tx) => {
      const partner = await lockPartner(tx, authority);
      if (!partner) throw new Refused('NOT_FOUND', { kind: 'partner', id: authority });
      const nodes = await takeBack(tx, by, partner.id, null, change, now);
      const { endLeases, reason } = change;
      await audit(tx, by, 'partner.revoke', { kind: 'partner', id: authority }, { nodes, endLeases, reason }, now);
      await notify(tx, { k: 'trust' });
      return partnerView(tx, authority);
    },
    { timeout: TIMEOUT_MS },
  );
}

/**
 * Ends a partnership on this side: what the partner has is taken back, its certificates count no more from now on, and what it gave us is used no
 * more. An invitation or a joining under way is given up. Idempotent. @throws Refused NOT_FOUND
 */
export function endPartnership(db: Db, by: Person, authority: string, change: Change, now: Date): Promise<PartnerView> {
  return db.$transaction(
    async (tx) => {
      const partner = await lockPartner(tx, authority);
      if (!partner) throw new Refused('NOT_FOUND', { kind: 'partner', id: authority });
      if (partner.state === 'ended') return partnerView(tx, authority);
      const nodes = await takeBack(tx, by, partner.id, null, change, now);
      await endPartner(tx, partner.id, now);
      const { endLeases, reason } = change;
      await audit(tx, by, 'partner.end', { kind: 'partner', id: authority }, { nodes, endLeases, reason }, now);
      await notify(tx, { k: 'trust' });
      return partnerView(tx, authority);
    },
    { timeout: TIMEOUT_MS },
  );
}

async function takeBack(
  tx: Tx,
  by: Person,
  partnerId: string,
  nodeIds: readonly string[] | null,
  { endLeases, reason }: Change,
  now: Date,
): Promise<number> {
  const ended = await endGrants(tx, partnerId, nodeIds, now);
  if (endLeases) await endReplaced(tx, partnerId, nodeIds, { id: randomUUID(), reason, byId: by.id, at: now });
  const ids = await delegationsTo(tx, partnerId, nodeIds);
  if (ids.length > 0)
    await revokeIn(
      tx,
      by,
      { target: { kind: 'delegation', ids }, endLeases, reason: reason || 'the partner’s part was changed' },
      now,
    );
  return ended;
}
