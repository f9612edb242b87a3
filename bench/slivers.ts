import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findCgroups } from '@/node-manager/drivers/oci/cgroups';
import type { DiskKind } from '@/node-manager/drivers/oci/disk/disk';
import { DEFAULT_NETWORK } from '@/node-manager/drivers/oci/network/open-network';
import { type OciDriver, ownNames } from '@/node-manager/drivers/oci/oci-driver';
import { probeOci } from '@/node-manager/drivers/oci/probe';
import { ensureBaseImage } from '@/node-manager/images/base-image';
import { programLog } from '@/node-manager/log';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { Bare } from './slivers/bare';

/**
 * Real slivers of the image `base`, one after the other as a node makes them, against bare crun with the same bundle, overlay and network
 * namespace, in turns: what disturbs one disturbs the other. Then how much memory and disk an idle one takes, by the whole host's count, so it
 * wants a quiet host. Sizes: MERIDIAN_BENCH_SLIVERS, "10,100,500" when not set.
 */
const ROUNDS = 9;
const AT_ONCE = 2;
const IMAGES = resolve(import.meta.dirname, '../.data/test-images');
const sizes = (process.env.MERIDIAN_BENCH_SLIVERS || '10,100,500').split(',').map(Number);

type Row = { case: string; value: number; unit: string; limit?: number; ratio?: number };
const nodeUrn = `urn:publicid:IDN+meridian:lab+node+bench${process.pid}`;
const resources = { ...DEFAULT_RESOURCES, image: 'base', cpuMilli: 10, memoryMiB: 64 };
const spec = (id: string) => ({ id, slice: `urn:publicid:IDN+meridian:lab+slice+${id}`, hostname: 'bench', resources });

export async function run(): Promise<{ rows: Row[] }> {
  await ensureBaseImage(IMAGES, process.env.MERIDIAN_NODE_MIRROR || null, AbortSignal.timeout(600_000));
  const rows: Row[] = [];
  await withDriver('plain', async (driver, data) => {
    rows.push(...(await lifecycle(driver, false)));
    rows.push(...(await idle(driver, data)));
  });
  await withDriver(null, async (driver, data) => {
    const kind = driver.enforcement.disk?.kind ?? 'none';
    const [create] = await lifecycle(driver, kind === 'ext4-image');
    if (create) rows.push({ ...create, case: 'create-disk' });
    await each(5, 1, (i) => driver.start(spec(`d${i}`)));
    rows.push({ case: `disk-5-${kind}`, value: (diskKiB(data) - 0) / 5, unit: 'KiB' });
    await each(5, 1, (i) => driver.remove(`d${i}`));
  });
  return { rows };
}

async function withDriver(
  kind: DiskKind | null,
  work: (driver: OciDriver, data: string) => Promise<void>,
): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'bench-slivers-'));
  const images = { folder: IMAGES, mirror: null, build: false };
  const probed = await probeOci(data, nodeUrn, programLog('bench', 'warn'), images, DEFAULT_NETWORK, kind);
  if (!('driver' in probed)) throw new Error(`this host has no real slivers: ${probed.missing.join('; ')}`);
  const { driver } = probed;
  try {
    await work(driver, data);
  } finally {
    for (const id of (await driver.list()).keys()) await driver.remove(id);
    await driver.close();
    rmSync(data, { recursive: true, force: true });
  }
}

/** Create, start and destroy, ours and bare in turns; milliseconds, medians. */
async function lifecycle(driver: OciDriver, disk: boolean): Promise<Row[]> {
  await driver.start(spec('model'));
  const runtime = mkdtempSync('/run/meridian-bench-');
  execFileSync('chmod', ['711', runtime]);
  const bare = new Bare(runtime, `${IMAGES}/base`, `${driver.runtime}/s-model/config.json`);
  const ours: number[][] = [[], [], []];
  const theirs: number[][] = [[], [], []];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const id = `r${round}`;
      ours[0]?.push(await ms(() => driver.start(spec(id))));
      theirs[0]?.push(await ms(() => bare.start(id, disk)));
      await driver.stop(id);
      ours[1]?.push(await ms(() => driver.start(spec(id))));
      await bare.stop(id);
      if (!disk) theirs[1]?.push(await ms(() => bare.start(id, false)));
      ours[2]?.push(await ms(() => driver.remove(id)));
      theirs[2]?.push(await ms(() => bare.destroy(id)));
    }
  } finally {
    bare.close();
    await driver.remove('model');
  }
  return ['create', 'start', 'destroy'].map((name, i) => {
    const value = median(ours[i] ?? []);
    const limit = median(theirs[i] ?? []);
    return { case: name, value, unit: 'ms', limit, ratio: limit / value };
  });
}

/** What one idle sliver takes, with so many of them: memory by the host's count (MiB), disk by the data's (KiB). */
async function idle(driver: OciDriver, data: string): Promise<Row[]> {
  const rows: Row[] = [];
  const [memory, disk] = [await availableMiB(), diskKiB(data)];
  let made = 0;
  for (const size of sizes) {
    await each(size - made, AT_ONCE, (i) => driver.start(spec(`i${made + i}`)));
    made = size;
    rows.push({ case: `memory-${size}`, value: (memory - (await availableMiB())) / size, unit: 'MiB' });
    // What the kernel books on the slivers themselves: others on the host do not disturb it.
    rows.push({ case: `booked-${size}`, value: groupMiB(data) / size, unit: 'MiB' });
    rows.push({ case: `disk-${size}`, value: (diskKiB(data) - disk) / size, unit: 'KiB' });
  }
  await each(made, AT_ONCE, (i) => driver.remove(`i${i}`));
  return rows;
}

async function each(count: number, atOnce: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < count; i = next++) await work(i);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

async function ms(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** The median of some looks: others use the host too. */
async function availableMiB(): Promise<number> {
  const looks: number[] = [];
  for (let i = 0; i < 20; i++) {
    looks.push(Number(/^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) / 1024);
    await new Promise((done) => setTimeout(done, 100));
  }
  return median(looks);
}

/** The memory of the node's own group, all slivers together. */
function groupMiB(data: string): number {
  const { trees, version } = findCgroups();
  const tree = version === 2 ? trees[0] : trees.find((path) => path.endsWith('/memory'));
  const { group } = ownNames(nodeUrn, data);
  return (
    Number(readFileSync(`${tree}${group}/memory.${version === 2 ? 'current' : 'usage_in_bytes'}`, 'utf8')) / 1_048_576
  );
}

function diskKiB(folder: string): number {
  return Number(execFileSync('du', ['-sk', `${folder}/slivers`], { encoding: 'utf8' }).split('\t')[0]);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
