import { z } from 'zod';
import type { Tx } from '../db';

const Json = z.record(z.string(), z.unknown()).catch({});

/** What the node page shows beyond the fleet row, or null when there is no such node. Certificates are of the live key. */
export async function nodeDetail(db: Tx, id: string, now: Date) {
  const node = await db.node.findUnique({
    where: { id },
    include: {
      heartbeat: true,
      interfaces: { orderBy: { name: 'asc' } },
      keys: { where: { revokedAt: null }, orderBy: { enrolledAt: 'desc' }, take: 1 },
      delegations: {
        where: { revokedAt: null, notAfter: { gt: now } },
        orderBy: { notAfter: 'desc' },
        take: 1,
        include: { agent: true },
      },
    },
  });
  if (!node) return null;
  const jkt = node.keys[0]?.jkt;
  const certificate = jkt
    ? await db.certificate.findFirst({ where: { jkt, revokedAt: null }, orderBy: { notAfter: 'desc' } })
    : null;
  const delegation = node.delegations[0];
  // A node that cannot be dialled has its agent's address in place of its own.
  const relaying = node.address ? await db.agent.count({ where: { address: node.address } }) : 0;
  return {
    siteId: node.siteId,
    address: node.address,
    behindNat: relaying > 0,
    driver: node.driver,
    network: node.network,
    enrolledAt: node.enrolledAt,
    incarnation: node.heartbeat?.incarnation ?? node.keys[0]?.incarnation ?? null,
    load1Milli: node.heartbeat?.load1Milli ?? null,
    since: node.heartbeat?.since ?? null,
    facts: Json.parse(node.heartbeat?.facts ?? {}),
    attributes: Json.parse(node.attributes),
    interfaces: node.interfaces.map(({ name, ipv4, ipv6 }) => ({ name, ipv4, ipv6 })),
    delegation: delegation ? { agent: delegation.agent.urn, until: delegation.notAfter } : null,
    certificateUntil: certificate?.notAfter ?? null,
  };
}

/** Live slivers of a node, newest first, each with the facts by which its slice's visibility is judged. */
export async function nodeSlivers(db: Tx, nodeId: string) {
  const rows = await db.sliver.findMany({
    where: { nodeId, goneAt: null, reported: { notIn: ['gone', 'failed'] } },
    orderBy: { createdAt: 'desc' },
    take: 1000,
    select: {
      reported: true,
      changedAt: true,
      lease: { select: { endsAt: true } },
      slice: { select: { name: true, siteId: true, ownerId: true, members: { select: { userId: true } } } },
    },
  });
  return rows.map(({ slice, ...sliver }) => ({
    row: {
      sliceName: slice.name,
      state: sliver.reported,
      since: sliver.changedAt,
      leaseEndsAt: sliver.lease?.endsAt ?? null,
    },
    slice: { siteId: slice.siteId, ownerId: slice.ownerId, memberIds: slice.members.map((member) => member.userId) },
  }));
}

/** Ids of the nodes on which a slice has live slivers. */
export async function sliceNodeIds(db: Tx, sliceId: string): Promise<string[]> {
  const rows = await db.sliver.findMany({ where: { sliceId, goneAt: null }, select: { nodeId: true } });
  return [...new Set(rows.map((row) => row.nodeId))];
}
