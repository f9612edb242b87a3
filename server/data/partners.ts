import type { z } from 'zod';
import type { Reason } from '@/core/errors';
import type { PartnerView } from '@/protocol/api/partners';
import type { Tx } from '../db';

type View = z.infer<typeof PartnerView>;
type Row = Omit<View, 'given' | 'got' | 'problem'> & {
  problem: Reason | null;
  givenNodes: number;
  inForce: number;
  shareMilli: number | null;
  degreeMilli: number | null;
  until: Date | null;
  givenSlivers: number;
  gotNodes: number;
  gotOnline: number;
  gotSlivers: number;
};

/** Partners with what they have of us and we of them; of all, or of one authority. Active ones first. */
export async function readPartners(db: Tx, authority: string | null = null): Promise<View[]> {
  const rows = await db.$queryRaw<Row[]>`
    SELECT p.id::text, p.authority, p.name, p.state, p.takes, p.gives, p."agentAddress", p."createdAt", p."joinedAt", p."endedAt",
      p."inviteUntil", p."readAt", p.problem, given.nodes AS "givenNodes", given.in_force AS "inForce", given.share AS "shareMilli",
      given.degree AS "degreeMilli", given.until, guests.slivers AS "givenSlivers", got.nodes AS "gotNodes", got.online AS "gotOnline",
      mine.slivers AS "gotSlivers"
    FROM "Partner" p
    CROSS JOIN LATERAL (SELECT count(*)::int AS nodes, min(g."shareMilli") AS share, max(g."degreeMilli") AS degree, max(g.until) AS until,
        count(*) FILTER (WHERE EXISTS (SELECT FROM "Delegation" d JOIN "Agent" a ON a.id = d."agentId" AND a."partnerId" = p.id
          WHERE d."nodeId" = g."nodeId" AND d."revokedAt" IS NULL AND d."notAfter" > now()))::int AS in_force
      FROM "PartnerGrant" g WHERE g."partnerId" = p.id AND g."endedAt" IS NULL AND g.until > now()) given
    CROSS JOIN LATERAL (SELECT count(*)::int AS slivers FROM "HolderLease" l
      WHERE l.holder = p."managerJkt" AND l."endedAt" IS NULL AND l.state <> 'gone') guests
    CROSS JOIN LATERAL (SELECT count(*)::int AS nodes, count(*) FILTER (WHERE h.reachability = 'online')::int AS online FROM "Node" n
      LEFT JOIN "Heartbeat" h ON h."nodeId" = n.id WHERE n."partnerId" = p.id AND EXISTS (
        SELECT FROM "Delegation" d WHERE d."nodeId" = n.id AND d."revokedAt" IS NULL AND d."notAfter" > now())) got
    CROSS JOIN LATERAL (SELECT count(*)::int AS slivers FROM "Sliver" v JOIN "Node" n ON n.id = v."nodeId"
      WHERE n."partnerId" = p.id AND v."goneAt" IS NULL AND v.reported IN ('scheduled', 'starting', 'running', 'stopped', 'unknown')) mine
    WHERE ${authority}::text IS NULL OR p.authority = ${authority}
    ORDER BY p.state = 'active' DESC, p.state = 'ended', p.name, p.authority`;
  return rows.map((row) => {
    const {
      givenNodes,
      inForce,
      shareMilli,
      degreeMilli,
      until,
      givenSlivers,
      gotNodes,
      gotOnline,
      gotSlivers,
      ...rest
    } = row;
    return {
      ...rest,
      given: { nodes: givenNodes, inForce, shareMilli, degreeMilli, until, slivers: givenSlivers },
      got: { nodes: gotNodes, online: gotOnline, slivers: gotSlivers },
    };
  });
}

/** A partner's row, locked until the transaction ends: what is done to a partner is done one after the other. */
export async function lockPartner(
  tx: Tx,
  authority: string,
): Promise<{ id: string; authority: string; state: View['state']; takes: boolean; gives: boolean } | null> {
  const rows = await tx.$queryRaw<
    { id: string; authority: string; state: View['state']; takes: boolean; gives: boolean }[]
  >`SELECT id::text, authority, state, takes, gives FROM "Partner" WHERE authority = ${authority} FOR UPDATE`;
  return rows[0] ?? null;
}

/** Invites that authority (again): earlier tokens of it stop working. An active one stays as it is until the new token is used. */
export async function putInvite(
  tx: Tx,
  partner: { authority: string; name: string; inviteHash: string; inviteUntil: Date },
): Promise<void> {
  const { authority, ...invite } = partner;
  const again = { ...invite, inviteUsedAt: null };
  const known = await tx.partner.findUnique({ where: { authority }, select: { state: true } });
  const state = known?.state === 'active' ? {} : { state: 'invited', problem: undefined };
  await tx.partner.upsert({ where: { authority }, create: { authority, ...again }, update: { ...again, ...state } });
}

/** We are about to join that authority, with the sealed token. One that uses our nodes already stays active meanwhile. */
export async function putJoining(
  tx: Tx,
  host: { authority: string; name: string; agentAddress: string },
  sealed: (id: string) => Buffer,
): Promise<void> {
  const { authority, name, agentAddress } = host;
  const known = await tx.partner.findUnique({ where: { authority }, select: { state: true } });
  const { id } = await tx.partner.upsert({
    where: { authority },
    create: { authority, name, agentAddress, state: 'joining' },
    update: known?.state === 'active' ? { name } : { name, agentAddress, state: 'joining' },
    select: { id: true },
  });
  await tx.$executeRaw`UPDATE "Partner" SET problem = NULL WHERE id = ${id}::uuid`;
  const secret = { name: `partner:${id}`, sealed: new Uint8Array(sealed(id)) };
  await tx.sealedSecret.upsert({ where: { name: secret.name }, create: secret, update: secret });
}

/** How many slivers each partner has on a node of ours, as the node last said. */
export function guestsOf(db: Tx, nodeId: string): Promise<{ name: string; slivers: number }[]> {
  return db.$queryRaw<{ name: string; slivers: number }[]>`
    SELECT p.name, count(*)::int AS slivers FROM "HolderLease" l JOIN "Partner" p ON p."managerJkt" = l.holder
    WHERE l."nodeId" = ${nodeId}::uuid AND l."endedAt" IS NULL AND l.state <> 'gone' GROUP BY p.name ORDER BY p.name`;
}
