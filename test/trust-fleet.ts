import { oversubscribed } from '@/core/resources/vector';
import { parentHash } from '@/protocol/statement/delegation';
import { generateIdentityKey, type IdentityKey } from '@/protocol/statement/keys';
import type { DelegationClaims } from '@/protocol/statement/schemas';
import { signStatement } from '@/protocol/statement/sign';
import type { Db } from '@/server/db';
import { DEMO_CITIES } from '@/server/demo/cities';
import { newId } from './statements';

const DAY = 86_400;
const CAPACITY = { cpuMilli: 8000, memoryMiB: 16_384, diskMiB: 200_000, networkKbps: 100_000 };
const SLIVER = { cpuMilli: 500, memoryMiB: 512, diskMiB: 4096, networkKbps: 2000 };

export type TrustFleetOptions = { sites: number; nodes: number; now: Date };
type SeededAgent = { id: string; urn: string; key: IdentityKey };
type SeededLink = { id: string; text: string; claims: DelegationClaims };
export type TrustFleet = {
  agents: Record<'am' | 'beta' | 'gamma' | 'delta' | 'omega', SeededAgent>;
  nodes: { id: string; urn: string; hostname: string; siteId: string; key: IdentityKey; incarnation: string }[];
  sites: { id: string; loginBase: string }[];
};

/**
 * A federation with real statements: three agents of our own (`am`, `beta`, `gamma`), a partner that takes (`delta`) and one that gives
 * (`omega`), nodes of many sites that trust them in several ways, and links in every state; some tickets and leases. The same numbers at
 * every call. Into a migrated database, which need not be empty.
 */
export async function seedTrustFleet(db: Db, { sites, nodes, now }: TrustFleetOptions): Promise<TrustFleet> {
  const at = Math.floor(now.getTime() / 1000);
  const [delta, omega] = await Promise.all(
    [
      { authority: 'delta.example', name: 'Delta consortium', takes: true },
      { authority: 'omega.example', name: 'Omega grid', gives: true },
    ].map((partner) => db.partner.create({ data: { ...partner, state: 'active', joinedAt: now } })),
  );
  if (!delta || !omega) throw new Error('just made');
  const agent = async (urn: string, partnerId?: string): Promise<SeededAgent> => {
    const key = generateIdentityKey();
    const known = { jkt: key.jkt, publicKey: key.jwk.x, address: '127.0.0.1:1', lastSeenAt: now };
    const create = { urn, ...known, ...(partnerId && { partnerId }) };
    const { id } = await db.agent.upsert({ where: { urn }, create, update: known });
    return { id, urn, key };
  };
  const agents = {
    am: await agent('urn:publicid:IDN+meridian+authority+am'),
    beta: await agent('urn:publicid:IDN+meridian+authority+am.beta'),
    gamma: await agent('urn:publicid:IDN+meridian+authority+am.gamma'),
    delta: await agent('urn:publicid:IDN+delta.example+authority+am', delta.id),
    omega: await agent('urn:publicid:IDN+omega.example+authority+am', omega.id),
  };
  const madeSites = await db.site.createManyAndReturn({
    data: Array.from({ length: sites }, (_, i) => {
      const [base, city, country] = DEMO_CITIES[i % DEMO_CITIES.length] ?? ['x', 'X', 'GB'];
      const loginBase = `t${base.slice(0, 12)}${i}`;
      // The last of thirty is the giving partner's.
      const theirs = i % 30 === 29;
      return {
        loginBase,
        name: `University of ${city}${i < DEMO_CITIES.length ? '' : `, campus ${Math.floor(i / DEMO_CITIES.length) + 1}`}`,
        urn: `urn:publicid:IDN+${theirs ? omega.authority : 'meridian'}:${loginBase}+authority+sa`,
        country,
        ...(theirs && { partnerId: omega.id, source: 'partner' }),
      };
    }),
    select: { id: true, loginBase: true, partnerId: true },
  });
  const keys = Array.from({ length: nodes }, () => ({ key: generateIdentityKey(), incarnation: newId() }));
  const siteOf = (i: number) => {
    const site = madeSites[i < sites ? i : (i * 13 + (i % 3)) % sites];
    if (!site) throw new Error('a node without a site');
    return site;
  };
  const madeNodes = await db.node.createManyAndReturn({
    data: keys.map((_, i) => {
      const site = siteOf(i);
      return {
        urn: `urn:publicid:IDN+meridian:${site.loginBase}+node+n${i}`,
        hostname: `node${Math.floor(i / sites) + 1}.${site.loginBase}.example.org`,
        siteId: site.id,
        partnerId: site.partnerId,
        bootState: 'boot' as const,
        enrolledAt: now,
        ...CAPACITY,
      };
    }),
    select: { id: true, urn: true, hostname: true, siteId: true, partnerId: true },
  });
  const fleet = madeNodes.map((node, i) => ({ ...node, ...(keys[i] ?? never()) }));
  await db.nodeKey.createMany({
    data: fleet.map(({ id, key, incarnation }) => ({
      nodeId: id,
      jkt: key.jkt,
      publicKey: key.jwk.x,
      incarnation,
      enrolledAt: now,
    })),
  });

  const rows: Parameters<Db['delegation']['createMany']>[0] & { data: unknown[] } = { data: [] };
  let made = 0;
  const grant = (
    node: (typeof fleet)[number],
    by: { key: IdentityKey; id?: string },
    to: SeededAgent,
    over: {
      shareMilli?: number;
      degreeMilli?: number;
      parent?: SeededLink;
      from?: number;
      days?: number;
      revoked?: boolean;
      incarnation?: string;
    } = {},
  ): SeededLink => {
    const { shareMilli = 1000, degreeMilli = 1000, parent, from = -1, days = 60 + (made % 20), incarnation } = over;
    const rights = oversubscribed(parent?.claims.rights ?? CAPACITY, shareMilli);
    const line = parent ? newId() : to.key.jkt;
    const nbf = Math.max(at + from * DAY, parent?.claims.nbf ?? 0);
    const exp = Math.min(at + Math.round(days * DAY), parent?.claims.exp ?? Number.POSITIVE_INFINITY);
    const claims: DelegationClaims = {
      iss: by.key.jkt,
      jti: newId(),
      node: node.urn,
      grantee: to.key.jwk,
      granteeUrn: to.urn,
      rights,
      degreeMilli: Math.min(degreeMilli, parent?.claims.degreeMilli ?? degreeMilli),
      incarnation: incarnation ?? node.incarnation,
      nbf,
      exp,
      ...(parent && { parent: parentHash(parent.text), line }),
    };
    const text = signStatement('delegation+jwt', claims, by.key);
    const id = crypto.randomUUID();
    made++;
    rows.data.push({
      id,
      iss: claims.iss,
      jti: claims.jti,
      nodeId: node.id,
      agentId: to.id,
      granteeJkt: to.key.jkt,
      issuerId: parent ? (by.id ?? null) : null,
      parentId: parent?.id ?? null,
      line,
      text,
      incarnation: claims.incarnation,
      ...rights,
      degreeMilli: claims.degreeMilli,
      notBefore: new Date(nbf * 1000),
      notAfter: new Date(exp * 1000),
      createdAt: new Date(now.getTime() - 60_000 + made),
      revokedAt: over.revoked ? now : null,
    });
    return { id, text, claims };
  };
  const { am, beta, gamma } = agents;
  for (const [i, node] of fleet.entries()) {
    if (node.partnerId) {
      const root = grant(node, node, agents.omega, { degreeMilli: 1500 });
      grant(node, agents.omega, am, { parent: root, shareMilli: 500 });
      continue;
    }
    const way = (i * 7919) % 20;
    if (way === 19) continue; // trusts nobody
    if (i % 90 === 7) grant(node, node, am, { incarnation: newId() }); // of before it lost its journal
    if (i % 25 === 3) grant(node, node, am, { from: -40, days: 5 }); // renewed since
    const both = way >= 12 && way < 17;
    const degreeMilli = way % 3 === 0 ? 2000 : 1000;
    const root = grant(node, node, way >= 17 ? beta : am, {
      shareMilli: both ? 600 : 1000,
      degreeMilli,
      ...(i % 40 === 11 ? { days: 3 } : {}),
      ...(i % 70 === 13 || i % 70 === 20 ? { revoked: true } : {}),
      ...(i % 80 === 17 ? { from: -60, days: -2 } : {}),
      ...(i % 100 === 22 ? { from: 1 } : {}),
    });
    if (both) grant(node, node, beta, { shareMilli: 400 });
    if (way < 4) grant(node, am, agents.delta, { parent: root, shareMilli: 250, days: 30 });
    if (way >= 4 && way < 6) {
      const second = grant(node, am, gamma, { parent: root, shareMilli: 500, days: 45 });
      if (way === 5) grant(node, gamma, beta, { parent: second, shareMilli: 500, days: i % 3 === 0 ? 4 : 40 });
    }
  }
  for (let from = 0; from < rows.data.length; from += 2000)
    await db.delegation.createMany({ data: rows.data.slice(from, from + 2000) as never });
  await seedTickets(db, fleet, am, now);
  return { agents, nodes: fleet, sites: madeSites };
}

/** On every third node a ticket that is out, on every fourth one that holds a lease. */
async function seedTickets(db: Db, fleet: TrustFleet['nodes'], am: SeededAgent, now: Date): Promise<void> {
  const day = (n: number) => new Date(now.getTime() + n * DAY * 1000);
  const ticket = (nodeId: string, state: 'issued' | 'redeemed') => ({
    iss: am.key.jkt,
    jti: newId(),
    agentId: am.id,
    nodeId,
    sliceUrn: 'urn:publicid:IDN+meridian+slice+t_tides',
    state,
    text: '',
    ...SLIVER,
    startsAt: now,
    endsAt: day(14),
    notBefore: now,
    notAfter: day(1),
  });
  await db.ticket.createMany({
    data: fleet.flatMap(({ id }, i) => [
      ...(i % 3 === 0 ? [ticket(id, 'issued')] : []),
      ...(i % 4 === 0 ? [ticket(id, 'redeemed'), ticket(id, 'redeemed')] : []),
    ]),
  });
}

function never(): never {
  throw new Error('unreachable');
}
