import { type Deployment, startDeployment, until } from '@/test/deployment';
import { approvedSlice, deleteSlice, sliceState } from '@/test/slices';

/**
 * From approval to the last node's own word that its sliver runs: slices of 100, 500 and 1,000 simulated nodes that each take
 * 30 ms to start. Postgres, agent, worker and simulator are processes of their own; TLS and durable writes are on.
 * Each round is a slice of its own, deployed by a worker that has just started: it has no connection to any node yet. The
 * median of the rounds counts.
 */
const SIZES = [100, 500, 1000];
const ROUNDS = 3;

export async function run(): Promise<{ rows: { case: string; value: number; unit: string }[] }> {
  const d = await startDeployment({ nodes: Math.max(...SIZES), durable: true, deadlineMs: 600_000 });
  try {
    const rows = [];
    for (const size of SIZES) {
      const seconds: number[] = [];
      for (let round = 0; round < ROUNDS; round++) seconds.push(await once(d, size, `n${size}r${round}`));
      rows.push({ case: `deploy-${size}`, value: median(seconds), unit: 's' });
    }
    return { rows };
  } catch (err) {
    for (const program of ['worker', 'agent'] as const) console.error(d.output(program).slice(-3_000));
    throw err;
  } finally {
    await d.remove();
  }
}

/** Seconds from the approval to the last node's word; the slice is gone again when it returns. */
async function once(d: Deployment, size: number, shortName: string): Promise<number> {
  await d.kill('worker', 'SIGTERM');
  await d.start('worker');
  const began = await databaseTime(d);
  const sliceId = await approvedSlice(d.pool, d, { shortName, count: size, minimum: size, minCountries: 10 });
  await until(
    async () => !['approved', 'deploying'].includes((await sliceState(d.pool, sliceId)).state),
    120_000,
    `${size} slivers run`,
  );
  const slice = await sliceState(d.pool, sliceId);
  if (slice.state !== 'active' || slice.reported.running !== size)
    throw new Error(`the slice is ${JSON.stringify(slice)}`);
  // What the nodes said, not when somebody looked: the last `runningAt` is in a node's own word, on the same clock here.
  const { rows } = await d.pool.query<{ last: Date }>(
    'SELECT max("runningAt") AS last FROM "Sliver" WHERE "sliceId" = $1',
    [sliceId],
  );
  const last = rows[0]?.last.getTime() ?? Number.NaN;
  // … and the service manager has heard it: the later of the two counts.
  const heard = await d.pool.query<{ at: Date }>(
    'SELECT max("endedAt") AS at FROM "DeploymentStep" WHERE "sliceId" = $1 AND step = $2',
    [sliceId, 'start'],
  );
  await deleteSlice(d.pool, sliceId);
  await until(async () => (await sliceState(d.pool, sliceId)).state === 'deleted', 120_000, `${size} slivers are gone`);
  return (Math.max(last, heard.rows[0]?.at.getTime() ?? Number.NaN) - began) / 1000;
}

async function databaseTime(d: Deployment): Promise<number> {
  const { rows } = await d.pool.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  return rows[0]?.now.getTime() ?? Number.NaN;
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
