import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '@/cli/program';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { type Deployment, startDeployment, until } from './deployment';
import { approvedSlice, deleteSlice, sliceState } from './slices';

// One small node, real programs: what they promised, refused and proved, as a person checks it from a file.
let d: Deployment;
const files = mkdtempSync(join(tmpdir(), 'meridian-accountability-'));
const CAPACITY = { cpuMilli: 2000, memoryMiB: 1024, diskMiB: 8192, networkKbps: 100_000 };
const all = { ...DEFAULT_RESOURCES, memoryMiB: CAPACITY.memoryMiB };

beforeAll(async () => {
  const urn = 'urn:publicid:IDN+test:lab+node+small.lab.example';
  d = await startDeployment({
    nodes: [{ urn, behaviour: 'normal', startMs: 5, capacity: CAPACITY }],
    heartbeatMs: 500,
  });
}, 120_000);
afterAll(async () => {
  rmSync(files, { recursive: true });
  await d?.remove();
}, 60_000);

const oversubscribed = async (degreeMilli: number) => {
  await d.pool.query(`UPDATE "Agent" SET "degreeMilli" = $1`, [degreeMilli]);
  const newest = async () => {
    const { rows } = await d.pool.query<{ degreeMilli: number }>(
      `SELECT "degreeMilli" FROM "Delegation" WHERE "revokedAt" IS NULL ORDER BY "createdAt" DESC LIMIT 1`,
    );
    return rows[0]?.degreeMilli;
  };
  await until(async () => (await newest()) === degreeMilli, 15_000, 'the node delegates anew');
};
const slice = async (shortName: string) => {
  const { rows } = await d.pool.query<{ urn: string }>(`SELECT urn FROM "Node"`);
  const owner = { siteId: d.siteId, personId: d.personId };
  const picked = rows.map(({ urn }) => urn);
  return approvedSlice(d.pool, owner, { shortName, count: 0, picked, resources: all, substitute: false });
};
const active = (id: string) =>
  until(async () => (await sliceState(d.pool, id)).state === 'active', 20_000, 'the slice is active');
/** What `meridian verify` says of the proof that the deployment kept of a slice's refusal. */
const verified = async (sliceId: string) => {
  const proofs = () =>
    d.pool.query<{ text: string; named: string[] }>(`SELECT text, named FROM "Proof" WHERE "sliceId" = $1`, [sliceId]);
  await until(async () => (await proofs()).rows.length > 0, 20_000, 'the proof is kept');
  const [proof] = (await proofs()).rows;
  const file = join(files, `${sliceId}.json`);
  writeFileSync(file, proof?.text ?? '');
  let out = '';
  const io = { out: (text: string) => { out += text; }, err: (text: string) => { out += text; } }; // biome-ignore format: one line
  await run(
    [
      'verify',
      file,
      '--node-key',
      (await d.pool.query<{ jkt: string }>(`SELECT jkt FROM "NodeKey"`)).rows[0]?.jkt ?? '',
    ],
    io,
  );
  const exit = process.exitCode;
  process.exitCode = undefined;
  return { named: proof?.named, out, exit };
};

test('a full node whose link may be oversubscribed refuses with proof, which names nobody', async () => {
  await oversubscribed(2000);
  const first = await slice('first');
  await active(first);
  const second = await slice('second');
  const { named, out, exit } = await verified(second);
  expect(out).toContain('Nobody who signed here promised more than was given to them.');
  expect(out).toContain('oversubscribed up to 2×');
  expect([named, exit]).toEqual([[], 0]);
  await deleteSlice(d.pool, first);
  await until(async () => (await sliceState(d.pool, first)).state === 'deleted', 20_000, 'the first slice is gone');
}, 60_000);

test('what was given back is issued again with the words that clear it; an agent that forgets what it promised is named', async () => {
  await oversubscribed(1000);
  const third = await slice('third');
  await active(third); // the two before are cleared in its ticket
  const { rows } = await d.pool.query<{ text: string }>(`SELECT text FROM "Ticket" WHERE "sliceId" = $1`, [third]);
  expect(
    JSON.parse(Buffer.from(rows[0]?.text.split('.')[1] ?? '', 'base64url').toString()).clears.length,
  ).toBeGreaterThan(0);
  await d.pool.query(`DELETE FROM "Ticket"`);
  const { named, out, exit } = await verified(await slice('fourth'));
  expect(named).toEqual(['urn:publicid:IDN+test+authority+am']);
  expect(out).toContain('2,048 MiB of memory');
  expect(out).toContain('Promised more than was given to them: urn:publicid:IDN+test+authority+am.');
  expect(exit).toBe(1);
}, 60_000);
