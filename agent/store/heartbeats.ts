import type { HardAmounts } from '@/core/resources/vector';
import type { Queryable } from './database';
import { isFormer, noteIncarnation } from './incarnation';
import { HOLDS_BACK } from './revocations';

/** A heartbeat as it is stored; `urn` and `jkt` are the peer's, proven by its certificate. */
export type Beat = {
  urn: string;
  jkt: string;
  incarnation: string;
  journalSequence: number;
  driver: string;
  capacity: HardAmounts;
  free: HardAmounts;
  slivers: number;
  load1Milli: number | null;
  /** Version, uptime, missing abilities. */
  facts: Record<string, unknown>;
  /** The highest number of a revocation that the node has kept. */
  revocationsHeard: number;
};

/** What the database knew of a node before and after its heartbeat. */
export type BeatOutcome = {
  urn: string;
  nodeId: string;
  /** Null before the first heartbeat. */
  was: 'online' | 'late' | 'unreachable' | null;
  adminSwitch: 'open' | 'draining' | 'closed';
  /** Something that pages show of the node is other than before. */
  changed: boolean;
  /** The node lost its journal since: what was delegated before is void. */
  newIncarnation: boolean;
  /** … and its key row does not say so yet: see `noteIncarnation`. */
  newOfKey: boolean;
  /** The highest journal sequence that was ever heard in this incarnation; one above what it says when it speaks for a former one. */
  journalSeen: number;
  /** What each agent has of the node by a root that is good for long enough, by the agent's key. */
  holds: Record<string, Holding>;
  /** Ids of agents to which an operator keeps it from delegating. */
  heldBack: string[];
  /** Ids of agents that want its word on their tickets. */
  wantStandings: string[];
};

/** `granteeJkt`: the agent's key as it was then. */
export type Holding = { rights: HardAmounts; degreeMilli: number };

const RECORD = `nodes AS (
  SELECT b.*, n.id AS node_id, k.id AS key_id, k.incarnation <> b.incarnation AS other, x.former,
    (h.incarnation <> b.incarnation OR k.incarnation <> b.incarnation) AND NOT x.former AS new_incarnation,
    CASE WHEN x.former OR h.incarnation = b.incarnation THEN greatest(h."journalSequence", b.sequence) ELSE b.sequence END AS seen,
    CASE WHEN x.former THEN k.incarnation ELSE b.incarnation END AS lives,
    n."adminSwitch" AS admin_switch, h.reachability AS was,
    (n."cpuMilli", n."memoryMiB", n."diskMiB", n."networkKbps", n.driver)
      IS DISTINCT FROM (b.cpu, b.memory, b.disk, b.network, b.driver) AS offers_other,
    h.slivers IS DISTINCT FROM b.slivers AS other_count
  FROM json_to_recordset($1::json) AS b(urn text, jkt text, incarnation text, sequence bigint, driver text, cpu int, memory int,
      disk int, network int, free_cpu int, free_memory int, free_disk int, free_network int, slivers int, load int, facts jsonb, heard bigint)
  JOIN "Node" n ON n.urn = b.urn
  JOIN "NodeKey" k ON k."nodeId" = n.id AND k.jkt = b.jkt AND k."revokedAt" IS NULL
  LEFT JOIN "Heartbeat" h ON h."nodeId" = n.id
  CROSS JOIN LATERAL (SELECT k.incarnation <> b.incarnation AND ${isFormer('n.id', 'b.jkt', 'b.incarnation')} AS former) x
)`;

/** One statement for all heartbeats of a batch: times are Postgres's, rows are taken in one order. */
const BEAT = `WITH ${RECORD}, beats AS (
  INSERT INTO "Heartbeat" AS h ("nodeId", at, reachability, since, "journalSequence", incarnation, "freeCpuMilli",
    "freeMemoryMiB", "freeDiskMiB", "freeNetworkKbps", slivers, "load1Milli", facts, "revocationsHeard")
  SELECT node_id, now(), 'online', now(), seen, lives, free_cpu, free_memory, free_disk, free_network, slivers, load, facts, heard
  FROM nodes ORDER BY node_id
  ON CONFLICT ("nodeId") DO UPDATE SET at = excluded.at, reachability = 'online',
    since = CASE WHEN h.reachability = 'online' THEN h.since ELSE excluded.since END,
    "journalSequence" = excluded."journalSequence", incarnation = excluded.incarnation, "freeCpuMilli" = excluded."freeCpuMilli",
    "freeMemoryMiB" = excluded."freeMemoryMiB", "freeDiskMiB" = excluded."freeDiskMiB",
    "freeNetworkKbps" = excluded."freeNetworkKbps", slivers = excluded.slivers, "load1Milli" = excluded."load1Milli", facts = excluded.facts,
    "revocationsHeard" = CASE WHEN h.incarnation = excluded.incarnation THEN greatest(h."revocationsHeard", excluded."revocationsHeard")
      ELSE excluded."revocationsHeard" END -- a poll may have said more since the heartbeat was written
), offers AS (
  UPDATE "Node" n SET "cpuMilli" = b.cpu, "memoryMiB" = b.memory, "diskMiB" = b.disk, "networkKbps" = b.network, driver = b.driver
  FROM nodes b WHERE n.id = b.node_id AND b.offers_other
)
SELECT urn, node_id::text AS "nodeId", was, admin_switch AS "adminSwitch", new_incarnation AS "newIncarnation",
  other AND NOT former AS "newOfKey", CASE WHEN former THEN greatest(seen, sequence + 1) ELSE seen END::float8 AS "journalSeen",
  (was IS DISTINCT FROM 'online' OR offers_other OR other_count OR new_incarnation) AS changed,
  coalesce((
    SELECT json_object_agg(d."granteeJkt", json_build_object('degreeMilli', d."degreeMilli", 'rights',
      json_build_object('cpuMilli', d."cpuMilli", 'memoryMiB', d."memoryMiB", 'diskMiB', d."diskMiB", 'networkKbps', d."networkKbps")))
    FROM (
      SELECT DISTINCT ON (o."granteeJkt") o.* FROM "Delegation" o
      WHERE o."nodeId" = node_id AND o.iss = nodes.jkt AND o."revokedAt" IS NULL AND o.incarnation = nodes.incarnation AND o."parentId" IS NULL
      ORDER BY o."granteeJkt", o."createdAt" DESC, o.id DESC
    ) d WHERE now() < d."notBefore" + (d."notAfter" - d."notBefore") / 4
  ), '{}') AS holds,
  coalesce((
    SELECT json_agg(DISTINCT o."agentId") FROM "Revocation" r JOIN "Delegation" o ON o.iss = r.iss AND o.jti = r.jti
    WHERE r."nodeId" = node_id AND ${HOLDS_BACK} AND o.iss = nodes.jkt
  ), '[]') AS "heldBack",
  coalesce((
    SELECT json_agg(s."agentId") FROM "Standing" s WHERE s."nodeId" = node_id AND s."wantedAt" > coalesce(s."takenAt", '-infinity')
  ), '[]') AS "wantStandings"
FROM nodes`;

/** Stores heartbeats, at most one of a node. Nodes whose key does not count (any more) are missing from the answer. */
export async function recordBeats(tx: Queryable, beats: readonly Beat[]): Promise<BeatOutcome[]> {
  const rows = beats.map((b) => ({
    urn: b.urn,
    jkt: b.jkt,
    incarnation: b.incarnation,
    sequence: b.journalSequence,
    driver: b.driver,
    cpu: b.capacity.cpuMilli,
    memory: b.capacity.memoryMiB,
    disk: b.capacity.diskMiB,
    network: b.capacity.networkKbps,
    free_cpu: b.free.cpuMilli,
    free_memory: b.free.memoryMiB,
    free_disk: b.free.diskMiB,
    free_network: b.free.networkKbps,
    slivers: b.slivers,
    load: b.load1Milli,
    facts: b.facts,
    heard: b.revocationsHeard,
  }));
  const result = await tx.query<BeatOutcome>({
    name: 'record-beats',
    text: BEAT,
    values: [JSON.stringify(rows)],
  });
  for (const { nodeId, urn, newOfKey } of result.rows) {
    const beat = newOfKey && beats.find((one) => one.urn === urn);
    if (beat) await noteIncarnation(tx, { nodeId, jkt: beat.jkt, incarnation: beat.incarnation });
  }
  return result.rows;
}

/** Keys of agents and service managers that no longer count, for nodes to refuse. */
export async function revokedPrograms(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ jkt: string }>(
    `SELECT DISTINCT jkt FROM "Certificate" c WHERE "revokedAt" IS NOT NULL AND kind <> 'node' AND NOT EXISTS (
       SELECT FROM "Certificate" f WHERE f.jkt = c.jkt AND f."revokedAt" IS NULL) LIMIT 10000`,
  );
  return rows.map((row) => row.jkt);
}

export type Silent = { nodeId: string; urn: string; reachability: 'late' | 'unreachable'; at: Date };

/**
 * Marks nodes by how long Postgres's own clock says they have been silent (ms), and gives those whose mark changed. A row
 * that a heartbeat or another agent's sweep holds just now is left to the next sweep.
 */
export async function markSilent(tx: Queryable, lateMs: number, unreachableMs: number): Promise<Silent[]> {
  const { rows } = await tx.query<Silent>({
    name: 'mark-silent',
    text: `WITH silent AS (
        SELECT h."nodeId", CASE WHEN h.at < now() - make_interval(secs => $2::float8 / 1000) THEN 'unreachable' ELSE 'late' END::"Reachability" AS mark
        FROM "Heartbeat" h
        WHERE h.reachability <> 'unreachable' AND h.at < now() - make_interval(secs => $1::float8 / 1000)
        ORDER BY h."nodeId" FOR NO KEY UPDATE SKIP LOCKED
      )
      UPDATE "Heartbeat" h SET reachability = s.mark, since = now() FROM silent s JOIN "Node" n ON n.id = s."nodeId"
      WHERE h."nodeId" = s."nodeId" AND h.reachability <> s.mark
      RETURNING h."nodeId"::text AS "nodeId", n.urn, h.reachability, h.at`,
    values: [lateMs, unreachableMs],
  });
  return rows;
}
