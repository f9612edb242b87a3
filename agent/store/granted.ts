import type { GoneNode, GrantedNode } from '@/protocol/agent/partners';
import { MAX_GRANTED } from '@/protocol/agent/partners';
import { IMAGES_UNSAID } from '@/protocol/node-manager/images';
import { jwkFromRaw } from '@/protocol/statement/keys';
import type { Queryable } from './database';
import { readDelegations } from './delegations';

/** The agent of an active partner that has this key, as a row here; null for none. */
export async function partnerAgentOf(db: Queryable, authority: string, jkt: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT a.id::text FROM "Agent" a JOIN "Partner" p ON p.id = a."partnerId"
     WHERE p.authority = $1 AND p.state = 'active' AND p.takes AND a.jkt = $2 AND a."revokedAt" IS NULL`,
    [authority, jkt],
  );
  return rows[0]?.id ?? null;
}

type NodeRow = Omit<GrantedNode, 'site' | 'publicKey' | 'capacity' | 'free' | 'chain' | 'images'> & {
  id: string;
  x: string;
  loginBase: string;
  siteName: string;
  siteCountry: string | null;
  siteLatitude: number | null;
  siteLongitude: number | null;
  cpuMilli: number;
  memoryMiB: number;
  diskMiB: number;
  networkKbps: number;
  freeCpuMilli: number;
  freeMemoryMiB: number;
  freeDiskMiB: number;
  freeNetworkKbps: number;
  images: string[] | null;
};

/** The nodes of which this agent has a delegation in force that another of ours passed on, as their holder is told of them. */
export async function readGranted(db: Queryable, agentId: string): Promise<GrantedNode[]> {
  const { rows } = await db.query<NodeRow>({
    name: 'read-granted',
    text: `SELECT n.id::text, n.urn, n.hostname, n.country, n.city, n.latitude, n.longitude, n.address, k."publicKey" AS x, k.incarnation,
             n."bootState"::text AS "bootState", greatest(n."adminSwitch", (h.facts -> 'policy' ->> 'adminSwitch')::"AdminSwitch")::text AS "adminSwitch",
             h.reachability::text AS reachability, n.simulated, n.driver, s."loginBase", s.name AS "siteName", s.country AS "siteCountry",
             s.latitude AS "siteLatitude", s.longitude AS "siteLongitude", n."cpuMilli", n."memoryMiB", n."diskMiB", n."networkKbps",
             h."freeCpuMilli", h."freeMemoryMiB", h."freeDiskMiB", h."freeNetworkKbps", h.slivers, h.facts -> 'images' AS images
           FROM "Node" n JOIN "Site" s ON s.id = n."siteId" JOIN "NodeKey" k ON k."nodeId" = n.id AND k."revokedAt" IS NULL
           JOIN "Heartbeat" h ON h."nodeId" = n.id
           WHERE n.address IS NOT NULL AND n."cpuMilli" IS NOT NULL AND n."partnerId" IS NULL AND n.id IN (
             SELECT d."nodeId" FROM "Delegation" d WHERE d."agentId" = $1 AND d."issuerId" IS NOT NULL AND d."revokedAt" IS NULL AND d."notAfter" > now())
           ORDER BY n.urn LIMIT $2`,
    values: [agentId, MAX_GRANTED],
  });
  const held = await readDelegations(
    db,
    agentId,
    rows.map((row) => row.id),
  );
  return rows.flatMap((row) => {
    const chain = held.get(row.id)?.[0]?.chain;
    return chain ? [grantedNode(row, chain)] : [];
  });
}

function grantedNode(row: NodeRow, chain: readonly string[]): GrantedNode {
  const { urn, hostname, country, city, latitude, longitude, address, incarnation, bootState, adminSwitch } = row;
  const { reachability, simulated, driver, slivers } = row;
  return {
    urn,
    hostname,
    country,
    city,
    latitude,
    longitude,
    address,
    incarnation,
    bootState,
    adminSwitch,
    reachability,
    simulated,
    driver,
    slivers,
    site: {
      loginBase: row.loginBase,
      name: row.siteName,
      country: row.siteCountry,
      latitude: row.siteLatitude,
      longitude: row.siteLongitude,
    },
    publicKey: jwkFromRaw(row.x),
    capacity: {
      cpuMilli: row.cpuMilli,
      memoryMiB: row.memoryMiB,
      diskMiB: row.diskMiB,
      networkKbps: row.networkKbps,
    },
    free: {
      cpuMilli: row.freeCpuMilli,
      memoryMiB: row.freeMemoryMiB,
      diskMiB: row.freeDiskMiB,
      networkKbps: row.freeNetworkKbps,
    },
    images: row.images ?? [...IMAGES_UNSAID],
    chain: [...chain],
  };
}

/** How long a node is told to be gone after it is. */
const GONE_DAYS = 30;

/** Nodes that this agent had of us and has no more, with the last word on why. */
export async function readGone(db: Queryable, agentId: string): Promise<GoneNode[]> {
  const { rows } = await db.query<{ urn: string; at: Date; why: string | null; endLeases: boolean | null }>({
    name: 'read-gone',
    text: `SELECT DISTINCT ON (n.urn) n.urn, coalesce(d."revokedAt", d."notAfter") AS at, nullif(r.reason, '') AS why, r."endLeases"
           FROM "Delegation" d JOIN "Node" n ON n.id = d."nodeId" LEFT JOIN "Revocation" r ON r.iss = d.iss AND r.jti = d.jti
           WHERE d."agentId" = $1 AND d."issuerId" IS NOT NULL AND coalesce(d."revokedAt", d."notAfter") > now() - make_interval(days => $2)
             AND NOT EXISTS (SELECT FROM "Delegation" o WHERE o."agentId" = $1 AND o."nodeId" = d."nodeId" AND o."issuerId" IS NOT NULL
               AND o."revokedAt" IS NULL AND o."notAfter" > now())
           ORDER BY n.urn, d."createdAt" DESC LIMIT $3`,
    values: [agentId, GONE_DAYS, MAX_GRANTED],
  });
  return rows.map(({ urn, at, why, endLeases }) => ({ urn, at: at.toISOString(), why, endLeases: endLeases ?? false }));
}
