import type { Queryable } from '../pool';

export type KeyTarget = {
  sliverId: string;
  sliceUrn: string;
  nodeUrn: string;
  hostname: string;
  address: string;
  jkt: string;
};

/** The slivers of a slice that hold a lease, running or not, and where: one that is stopped or away may run again with what it was told last. */
export async function keyTargets(db: Queryable, sliceId: string): Promise<KeyTarget[]> {
  const { rows } = await db.query<KeyTarget>(
    `SELECT v.id::text AS "sliverId", s.urn AS "sliceUrn", n.urn AS "nodeUrn", n.hostname, n.address, k.jkt
     FROM "Sliver" v JOIN "Slice" s ON s.id = v."sliceId" JOIN "Node" n ON n.id = v."nodeId"
     JOIN LATERAL (SELECT jkt FROM "NodeKey" WHERE "nodeId" = n.id AND "revokedAt" IS NULL ORDER BY "enrolledAt" DESC LIMIT 1) k ON true
     WHERE v."sliceId" = $1 AND v."goneAt" IS NULL AND v.desired <> 'gone'
       AND v.reported NOT IN ('pending', 'ticketed', 'failed', 'gone') AND n.address IS NOT NULL`,
    [sliceId],
  );
  return rows;
}

/** authorized_keys lines of all members, each key once. */
export async function memberKeys(db: Queryable, sliceId: string): Promise<string[]> {
  const { rows } = await db.query<{ publicKey: string }>(
    `SELECT DISTINCT k."publicKey" FROM "SshKey" k JOIN "SliceMember" m ON m."userId" = k."userId"
     JOIN "User" u ON u.id = m."userId" AND u."disabledAt" IS NULL
     WHERE m."sliceId" = $1 ORDER BY 1 LIMIT 500`,
    [sliceId],
  );
  return rows.map((row) => row.publicKey);
}
