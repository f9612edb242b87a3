import type pg from 'pg';
import type { SliceSpec } from '@/protocol/api/slice';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { releaseAll } from '@/server/data/deploy/settle';
import { ADD_JOBS, jobRows } from '@/server/data/jobs';
import { transaction } from '@/server/data/pool';

/**
 * Puts an approved slice into the database and asks for its deployment, as an approval does. Returns its id. `lastsSeconds`: a
 * shorter term than anybody may ask for.
 */
export async function approvedSlice(
  pool: pg.Pool,
  owner: { siteId: string; personId: string },
  wanted: Partial<SliceSpec> & { shortName: string },
  lastsSeconds = wanted.termSeconds ?? 86_400,
): Promise<string> {
  const spec: SliceSpec = {
    site: 'lab',
    reason: 'a test of deployments',
    count: 1,
    picked: [],
    onlyCountries: [],
    minCountries: 1,
    maxPerSite: 1000,
    resources: DEFAULT_RESOURCES,
    termSeconds: 86_400,
    minimum: 1,
    substitute: true,
    ownManager: false,
    ...wanted,
  };
  const name = `lab_${spec.shortName}`;
  const r = spec.resources;
  return transaction(pool, async (tx) => {
    const { rows } = await tx.query<{ id: string }>(
      `INSERT INTO "Slice" (id, name, urn, "siteId", "ownerId", state, spec, "sliverCount", "approvedCount", "minimumCount", "cpuMilli", "memoryMiB", "diskMiB",
         "networkKbps", "termSeconds", "graceSeconds", "startsAt", "endsAt", "approvedAt")
       VALUES (gen_random_uuid(), $1, $2, $3, $4, 'approved', $5, $6, $6, $7, $8, $9, $10, $11, $12::int, 3600, now(), now() + make_interval(secs => $12::int), now()) RETURNING id::text`,
      [
        name,
        `urn:publicid:IDN+test:lab+slice+${name}`,
        owner.siteId,
        owner.personId,
        JSON.stringify(spec),
        spec.count + spec.picked.length,
        spec.minimum,
        r.cpuMilli,
        r.memoryMiB,
        r.diskMiB,
        r.networkKbps,
        lastsSeconds,
      ],
    );
    const id = rows[0]?.id ?? '';
    await tx.query(`INSERT INTO "SliceMember" ("sliceId", "userId") VALUES ($1, $2)`, [id, owner.personId]);
    await tx.query(ADD_JOBS, [jobRows([{ task: 'deploy', sliceId: id }])]);
    return id;
  });
}

/** Puts an approved renewal into the database and asks for it, as an approval does. */
export async function approvedRenewal(
  pool: pg.Pool,
  sliceId: string,
  termSeconds: number,
): Promise<{ requestId: string; target: Date }> {
  return transaction(pool, async (tx) => {
    const { rows } = await tx.query<{ requestId: string; target: Date }>(
      `INSERT INTO "Request" (id, kind, "sliceId", "requestedById", state, reason, "termSeconds", "endsAt")
       SELECT gen_random_uuid(), 'renew', s.id, s."ownerId", 'approved', 'a test of renewals', $2::int, s."endsAt" + make_interval(secs => $2::int)
       FROM "Slice" s WHERE s.id = $1 RETURNING id::text AS "requestId", "endsAt" AS target`,
      [sliceId, termSeconds],
    );
    const [renewal] = rows;
    if (!renewal) throw new Error('no such slice');
    await tx.query(
      `INSERT INTO "Decision" ("requestId", "byId", outcome, quota) SELECT r.id, r."requestedById", 'approved', '{}' FROM "Request" r WHERE r.id = $1`,
      [renewal.requestId],
    );
    await tx.query(ADD_JOBS, [jobRows([{ task: 'renew', sliceId, requestId: renewal.requestId }])]);
    return renewal;
  });
}

/** Deletes a slice as its page does. */
export async function deleteSlice(pool: pg.Pool, sliceId: string): Promise<void> {
  await transaction(pool, async (tx) => {
    await tx.query(`UPDATE "Slice" SET state = 'deleting', reason = NULL WHERE id = $1`, [sliceId]);
    await releaseAll(tx, sliceId);
    await tx.query(ADD_JOBS, [jobRows([{ task: 'deploy', sliceId }])]);
  });
}

/** Asks for a slice to be tried again, as its page does. */
export async function retrySlice(pool: pg.Pool, sliceId: string): Promise<void> {
  await transaction(pool, async (tx) => {
    await tx.query(`UPDATE "Slice" SET state = 'deploying', reason = NULL WHERE id = $1`, [sliceId]);
    await tx.query(
      `INSERT INTO "AuditEvent" (actor, action, "objectKind", "objectId") SELECT 'test', 'slice.retry', 'slice', name FROM "Slice" WHERE id = $1`,
      [sliceId],
    );
    await tx.query(ADD_JOBS, [jobRows([{ task: 'deploy', sliceId }])]);
  });
}

export async function sliceState(
  pool: pg.Pool,
  sliceId: string,
): Promise<{ state: string; reason: unknown; reported: Record<string, number>; live: number }> {
  const { rows } = await pool.query<{ state: string; reason: unknown }>(
    'SELECT state::text, reason FROM "Slice" WHERE id = $1',
    [sliceId],
  );
  const counts = await pool.query<{ reported: string; n: number; live: number }>(
    'SELECT reported::text, count(*)::int AS n, count(*) FILTER (WHERE "goneAt" IS NULL)::int AS live FROM "Sliver" WHERE "sliceId" = $1 GROUP BY 1',
    [sliceId],
  );
  return {
    state: rows[0]?.state ?? 'gone',
    reason: rows[0]?.reason ?? null,
    reported: Object.fromEntries(counts.rows.map((r) => [r.reported, r.n])),
    live: counts.rows.reduce((sum, r) => sum + r.live, 0),
  };
}
