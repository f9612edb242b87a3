import { z } from 'zod';
import type { ImportedInterface, ImportedNode } from '@/core/rspec/to-node';
import type { Tx } from '../db';

export type NewSite = {
  urn: string;
  loginBase: string;
  name: string;
  city: string | null;
  country: string | null;
  latitude: number | null;
  longitude: number | null;
};
/** A node as it stands, in an import's terms. */
export type KnownNode = Omit<ImportedNode, 'attributes'> & {
  id: string;
  source: string;
  enrolled: boolean;
  attributes: Record<string, unknown>;
};

/** One import at a time: a second waits for the first to commit, and then finds its nodes. */
export async function lockImport(tx: Tx): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('meridian fleet import'))`;
}

/** Sites of these URNs by URN. */
export async function sitesByUrn(tx: Tx, urns: string[]): Promise<Map<string, string>> {
  const rows = await tx.site.findMany({ where: { urn: { in: urns } }, select: { id: true, urn: true } });
  return new Map(rows.map((row) => [row.urn, row.id]));
}

export async function loginBases(tx: Tx): Promise<Set<string>> {
  const rows = await tx.site.findMany({ select: { loginBase: true } });
  return new Set(rows.map((row) => row.loginBase));
}

/** Adds imported sites; answers their ids by URN. */
export async function insertSites(tx: Tx, sites: readonly NewSite[]): Promise<Map<string, string>> {
  const rows = await tx.site.createManyAndReturn({
    data: sites.map((site) => ({ ...site, source: 'imported' })),
    select: { id: true, urn: true },
  });
  return new Map(rows.map((row) => [row.urn, row.id]));
}

const Interfaces = z.array(z.object({ name: z.string(), ipv4: z.string().nullable(), ipv6: z.string().nullable() }));
const Attributes = z.record(z.string(), z.unknown());

/** The nodes of these URNs, by URN. */
export async function knownNodes(tx: Tx, urns: string[]): Promise<Map<string, KnownNode>> {
  const rows = await tx.node.findMany({
    where: { urn: { in: urns } },
    include: {
      site: { select: { urn: true } },
      interfaces: { select: { name: true, ipv4: true, ipv6: true }, orderBy: { name: 'asc' } },
    },
  });
  return new Map(
    rows.map((row) => [
      row.urn,
      {
        id: row.id,
        source: row.source,
        enrolled: row.enrolledAt !== null,
        urn: row.urn,
        hostname: row.hostname,
        siteUrn: row.site.urn,
        network: row.network,
        latitude: row.latitude,
        longitude: row.longitude,
        country: row.country,
        city: row.city,
        bootState: row.bootState,
        attributes: Attributes.parse(row.attributes),
        interfaces: Interfaces.parse(row.interfaces),
      },
    ]),
  );
}

type NodeToWrite = Omit<ImportedNode, 'siteUrn' | 'interfaces'> & { siteId: string };

/** Adds nodes; answers their ids by URN. They have no address: what an advertisement names is never dialled. */
export async function insertNodes(tx: Tx, nodes: readonly NodeToWrite[]): Promise<Map<string, string>> {
  const rows = await tx.node.createManyAndReturn({
    data: nodes.map((node) => ({ ...node, source: 'imported' })),
    select: { id: true, urn: true },
  });
  return new Map(rows.map((row) => [row.urn, row.id]));
}

/** Writes what an import says over what an earlier one said; nothing else of the nodes changes. One statement. */
export async function updateNodes(tx: Tx, nodes: readonly (NodeToWrite & { id: string })[]): Promise<void> {
  await tx.$executeRaw`
    UPDATE "Node" n SET hostname = v.hostname, "siteId" = v."siteId", network = v.network, latitude = v.latitude,
      longitude = v.longitude, country = v.country, city = v.city, "bootState" = v."bootState"::"BootState", attributes = v.attributes
    FROM jsonb_to_recordset(${JSON.stringify(nodes)}::jsonb) AS v(id uuid, hostname text, "siteId" uuid, network text,
      latitude float8, longitude float8, country text, city text, "bootState" text, attributes jsonb)
    WHERE n.id = v.id`;
}

/** Makes these the interfaces of the nodes. */
export async function replaceInterfaces(
  tx: Tx,
  of: readonly { nodeId: string; interfaces: readonly ImportedInterface[] }[],
  fresh: boolean,
): Promise<void> {
  if (!fresh) await tx.nodeInterface.deleteMany({ where: { nodeId: { in: of.map(({ nodeId }) => nodeId) } } });
  await tx.nodeInterface.createMany({
    data: of.flatMap(({ nodeId, interfaces }) => interfaces.map((each) => ({ nodeId, ...each }))),
  });
}
