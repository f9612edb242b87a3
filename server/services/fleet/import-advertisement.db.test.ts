import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Refused } from '@/core/errors';
import { openDb } from '@/server/db';
import { testDatabase } from '@/test/postgres';
import type { Person } from '../policy';
import { importAdvertisement } from './import-advertisement';

vi.stubEnv('MERIDIAN_AUTHORITY', 'meridian');
const database = await testDatabase();
const db = openDb(database.url, 4);
afterAll(() => db.$disconnect());

const small = await readFile(new URL('../../../test/fixtures/small.rspec.xml', import.meta.url));
const big = new URL('../../../../shared/data/planetlab-2013.rspec.xml', import.meta.url);
const now = new Date('2026-03-01T12:00:00Z');
const person: Person = { id: 'op', name: 'Olga', email: 'op@demo.example', urn: '', operator: true, memberships: [] };

beforeEach(async () => {
  await db.node.deleteMany();
  await db.site.deleteMany();
  await db.user.upsert({
    where: { id: 'op' },
    create: { id: 'op', name: 'Olga', email: 'op@demo.example' },
    update: {},
  });
});

async function* chunks(...parts: (Uint8Array | string)[]) {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part;
}
const imported = (...parts: (Uint8Array | string)[]) => importAdvertisement(db, person, chunks(...parts), { now });
const rows = () =>
  db.node.findMany({ orderBy: { urn: 'asc' }, include: { interfaces: { orderBy: { name: 'asc' } }, site: true } });

describe('an import', () => {
  test('adds nodes and sites without an address to dial, and the same file again changes nothing', async () => {
    const first = await imported(small);
    expect(first.nodes).toEqual({ read: 11, added: 7, changed: 0, unchanged: 0 });
    const before = await rows();
    expect(before.every((node) => node.address === null && node.source === 'imported' && !node.simulated)).toBe(true);
    expect(before.map((node) => [node.site.loginBase, node.country])).toEqual([
      ['s1dune', 'CZ'],
      ['s1dune', null],
      ['s1dune', null],
      ['fjord', 'NO'],
      ['fjord', 'NO'],
      ['northlabfjord', 'HK'],
      ['vale', 'KE'],
    ]);
    expect(
      before.find((node) => node.hostname === 'n1.fjord.example' && node.country === 'NO')?.interfaces,
    ).toMatchObject([
      { name: 'eth0', ipv4: '192.0.2.1' },
      { name: 'eth1', ipv4: '192.0.2.2', ipv6: '2001:db8::2' },
    ]);

    const again = await imported(small.subarray(0, 100), small.subarray(100));
    expect(again.nodes).toEqual({ read: 11, added: 0, changed: 0, unchanged: 7 });
    expect(again.unused).toEqual(first.unused);
    expect(await rows()).toEqual(before);
  });

  test('writes only what changed, and leaves the boot state of an enrolled node to that node', async () => {
    await imported(small);
    const urn = 'urn:publicid:IDN+north:fjord+node+n2.fjord.example';
    await db.node.update({ where: { urn }, data: { enrolledAt: now, bootState: 'boot', address: 'localhost:1' } });
    expect((await imported(small)).nodes).toMatchObject({ changed: 0, unchanged: 7 });
    const moved = small.toString().replace('ipv4="192.0.2.036"', 'ipv4="192.0.2.36"');
    expect((await imported(moved)).nodes).toMatchObject({ added: 0, changed: 1, unchanged: 6 });
    const node = await db.node.findUniqueOrThrow({ where: { urn }, include: { interfaces: true } });
    expect(node).toMatchObject({ bootState: 'boot', address: 'localhost:1', interfaces: [{ ipv4: '192.0.2.36' }] });
  });

  test('never touches a node of this deployment', async () => {
    const site = await db.site.create({
      data: { loginBase: 'fjord', name: 'Own', urn: 'urn:publicid:IDN+meridian:fjord+authority+sa' },
    });
    const urn = 'urn:publicid:IDN+north:fjord+node+n1.fjord.example';
    await db.node.create({ data: { urn, hostname: 'mine', siteId: site.id } });
    const report = await imported(small);
    expect(report.nodes.added).toBe(6);
    expect(report.unused.at(-1)).toMatchObject({
      field: 'node@component_id',
      count: 1,
      why: 'names a node of this deployment: not touched',
    });
    expect((await db.node.findUniqueOrThrow({ where: { urn } })).hostname).toBe('mine');
    expect(
      (await db.site.findUniqueOrThrow({ where: { urn: 'urn:publicid:IDN+north:fjord+authority+sa' } })).loginBase,
    ).toBe('northfjord');
  });

  test.each<[string, (Uint8Array | string)[], string]>([
    ['cut off in the middle', [small.subarray(0, small.length - 200)], 'RSPEC_MALFORMED'],
    ['broken at its very end', [small, '</oops>'], 'RSPEC_MALFORMED'],
    ['not UTF-8', [small.subarray(0, 3000), Buffer.from([0xc3, 0x28])], 'RSPEC_MALFORMED'],
    ['empty', [], 'RSPEC_MALFORMED'],
    ['a page', ['<!doctype html><html></html>'], 'RSPEC_MALFORMED'],
  ])('of a file that is %s imports nothing', async (_, parts, code) => {
    const error = await imported(...parts).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(Refused);
    expect(error).toMatchObject({ code });
    expect(await db.node.count()).toBe(0);
    expect(await db.site.count()).toBe(0);
  });

  test('past its size is stopped there', async () => {
    const read = importAdvertisement(db, person, chunks(small), { now, maxBytes: 1000 });
    await expect(read).rejects.toMatchObject({ code: 'TOO_LARGE', facts: { field: 'file', max: 1000 } });
  });

  test('twice at once adds each node once', async () => {
    // Connections are open, and all have read their file to its end, before any writes.
    await Promise.all(Array.from({ length: 4 }, () => db.$queryRaw`SELECT 1 FROM pg_sleep(0.05)`));
    let waiting = 0;
    let open = () => {};
    const gate = new Promise<void>((done) => {
      open = done;
    });
    async function* together() {
      yield small;
      if (++waiting === 4) open();
      await gate;
    }
    const load = () => importAdvertisement(db, person, together(), { now });
    const all = await Promise.all([load(), load(), load(), load()]);
    expect(all.map((report) => report.nodes.added).sort()).toEqual([0, 0, 0, 7]);
    expect(await db.node.count()).toBe(7);
  });
});

describe.skipIf(!existsSync(big))('the PlanetLab federation of 2013 (skipped where ../shared/data is missing)', () => {
  test('is imported whole, and again unchanged', async () => {
    const load = () => importAdvertisement(db, person, createReadStream(big), { now });
    const first = await load();
    expect(first.nodes).toEqual({ read: 1486, added: 1448, changed: 0, unchanged: 0 });
    expect(await db.node.count({ where: { bootState: 'boot' } })).toBe(1194);
    expect(await db.site.count()).toBe(451);
    expect((await load()).nodes).toEqual({ read: 1486, added: 0, changed: 0, unchanged: 1448 });
  }, 60_000);
});
