import type pg from 'pg';
import type { Reason } from '@/core/errors';
import { ADD_JOBS_KEEPING_TIME, type JobOptions, type JobSpec, jobRows } from '../jobs';
import { statement, transaction } from '../pool';

/** One step of a sliver's saga, or of the slice's (sliverId null): who, when, how long, with what outcome. */
export type StepRecord = {
  step: string;
  outcome: 'ok' | 'retry' | 'failed';
  attempt: number;
  reason: Reason | null;
  startedAt: Date;
  endedAt: Date;
};

export type LeaseRecord = {
  iss: string;
  jti: string;
  text: string;
  startsAt: Date;
  endsAt: Date;
  graceSeconds: number;
};

/** What one step of a saga changes. Everything in it is written at once or not at all. */
export type SagaWrite = {
  sliceId: string;
  sliverId: string | null;
  steps: StepRecord[];
  /** Columns left out stay as they are. Nothing changes for a sliver that is gone already. */
  sliver?: {
    reported?: string;
    reason?: Reason | null;
    desired?: 'running' | 'stopped' | 'gone';
    attempts?: number;
    runningAt?: Date | null;
    /** When the node said so; a report older than what is known does not change `reported`. */
    lastSeen?: Date;
    goneAt?: Date;
  };
  lease?: LeaseRecord;
  ticket?: 'redeemed' | 'burnt' | 'lapsed';
  leaseEndedAt?: Date;
  jobs?: { job: JobSpec; options?: JobOptions }[];
};

const WRITE = `
WITH w AS (
  SELECT * FROM json_to_recordset($1::json) AS x(id uuid, reported text, "hasReason" boolean, reason jsonb, desired text,
    attempts int, "runningAt" timestamptz, "lastSeen" timestamptz, "goneAt" timestamptz)
), locked AS (
  SELECT v.id FROM "Sliver" v JOIN w ON w.id = v.id ORDER BY v.id FOR NO KEY UPDATE OF v
), changed AS (
  UPDATE "Sliver" v SET
    reported = CASE WHEN w."lastSeen" < v."lastSeen" THEN v.reported ELSE coalesce(w.reported::"SliverReported", v.reported) END,
    reason = CASE WHEN w."hasReason" THEN w.reason ELSE v.reason END,
    desired = coalesce(w.desired::"SliverDesired", v.desired),
    attempts = coalesce(w.attempts, v.attempts),
    "runningAt" = coalesce(v."runningAt", w."runningAt"),
    "lastSeen" = greatest(v."lastSeen", w."lastSeen"),
    "goneAt" = w."goneAt",
    "changedAt" = now()
  FROM w JOIN locked ON locked.id = w.id
  WHERE v.id = w.id AND v."goneAt" IS NULL
), steps AS (
  INSERT INTO "DeploymentStep" ("sliceId", "sliverId", step, outcome, attempt, reason, "startedAt", "endedAt", worker)
  SELECT * FROM json_to_recordset($2::json) AS x("sliceId" uuid, "sliverId" uuid, step text, outcome text, attempt int,
    reason jsonb, "startedAt" timestamptz, "endedAt" timestamptz, worker text)
), leases AS (
  INSERT INTO "Lease" (id, "sliverId", iss, jti, text, "startsAt", "endsAt", "graceSeconds")
  SELECT gen_random_uuid(), x.* FROM json_to_recordset($3::json) AS x("sliverId" uuid, iss text, jti text, text text,
    "startsAt" timestamptz, "endsAt" timestamptz, "graceSeconds" int)
  ON CONFLICT DO NOTHING
), tickets AS (
  UPDATE "Ticket" t SET state = x.state::"TicketState"
  FROM json_to_recordset($4::json) AS x("sliverId" uuid, state text)
  WHERE t."sliverId" = x."sliverId" AND t.state = 'issued'
), ended AS (
  UPDATE "Lease" l SET "endedAt" = x.at
  FROM json_to_recordset($5::json) AS x("sliverId" uuid, at timestamptz)
  WHERE l."sliverId" = x."sliverId" AND l."endedAt" IS NULL
)
SELECT pg_notify('meridian', p) FROM json_array_elements_text($6::json) AS p`;

/** Writes many sagas' steps in one statement (with jobs: in one transaction), in one order of rows, and tells who listens. */
export async function writeSagas(pool: pg.Pool, worker: string, writes: readonly SagaWrite[]): Promise<void> {
  const values = parameters(worker, writes);
  const jobs = writes.flatMap((w) => w.jobs ?? []);
  if (jobs.length === 0) {
    await statement(pool, WRITE, values);
    return;
  }
  await transaction(pool, async (tx) => {
    await tx.query(WRITE, values);
    await tx.query(ADD_JOBS_KEEPING_TIME, [
      `[${jobs.map(({ job, options }) => jobRows([job], options).slice(1, -1)).join(',')}]`,
    ]);
  });
}

function parameters(worker: string, writes: readonly SagaWrite[]): string[] {
  const slivers = merged(writes).map(([id, s]) => ({ id, ...s, hasReason: s.reason !== undefined }));
  const steps = writes.flatMap((w) => w.steps.map((s) => ({ sliceId: w.sliceId, sliverId: w.sliverId, ...s, worker })));
  const leases = writes.flatMap((w) => (w.lease && w.sliverId ? [{ sliverId: w.sliverId, ...w.lease }] : []));
  const tickets = writes.flatMap((w) => (w.ticket && w.sliverId ? [{ sliverId: w.sliverId, state: w.ticket }] : []));
  const ended = writes.flatMap((w) =>
    w.leaseEndedAt && w.sliverId ? [{ sliverId: w.sliverId, at: w.leaseEndedAt }] : [],
  );
  return [slivers, steps, leases, tickets, ended, notices(writes)].map((list) => JSON.stringify(list));
}

/** Two writes of one sliver in one batch are one change: a statement may change a row once. */
function merged(writes: readonly SagaWrite[]): [string, NonNullable<SagaWrite['sliver']>][] {
  const bySliver = new Map<string, NonNullable<SagaWrite['sliver']>>();
  for (const { sliverId, sliver } of writes)
    if (sliverId && sliver) bySliver.set(sliverId, { ...bySliver.get(sliverId), ...sliver });
  return [...bySliver];
}

/** At most 150 ids a notice: Postgres takes payloads below 8,000 bytes. */
function notices(writes: readonly SagaWrite[]): string[] {
  const bySlice = new Map<string, Set<string>>();
  for (const { sliceId, sliverId } of writes) {
    const ids = bySlice.get(sliceId) ?? new Set();
    if (sliverId) ids.add(sliverId);
    bySlice.set(sliceId, ids);
  }
  return [...bySlice].flatMap(([slice, set]) => {
    const ids = [...set];
    if (ids.length === 0) return [JSON.stringify({ k: 'slice', slice })];
    return Array.from({ length: Math.ceil(ids.length / 150) }, (_, i) =>
      JSON.stringify({ k: 'sliver', slice, ids: ids.slice(i * 150, (i + 1) * 150) }),
    );
  });
}
