import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { type ChainedRow, isAsWritten } from '@/protocol/audit/chain';
import { openSeal } from '@/protocol/audit/seal';
import { generateIdentityKey } from '@/protocol/statement/keys';
import { audit } from '@/server/services/audit';
import type { Person } from '@/server/services/policy';
import { seedPerson, seedSite } from '@/test/people';
import { testPrisma } from '@/test/prisma';
import { checkTrail } from './check-trail';
import { type ExportFormat, exportTrail } from './export-trail';
import { listTrail } from './list-trail';
import { sealTrail } from './seal-trail';

const { db } = await testPrisma();
const key = generateIdentityKey();
const now = new Date('2026-11-22T12:00:00.123Z');
let written = 0;
let seeded: string[] = [];

async function write(
  by: string | Person = 'test',
  facts: Record<string, string | number> = {},
  site: string | null = null,
) {
  const name = `a_${++written}`;
  await db.$transaction((tx) => audit(tx, by, 'slice.request', { kind: 'slice', id: name, siteId: site }, facts, now));
  return name;
}

/** As somebody who holds the database and its superuser does: past every trigger. */
async function meddle(sql: string) {
  await db.$transaction([
    db.$executeRawUnsafe(`SET LOCAL session_replication_role = 'replica'`),
    ...sql.split('; ').map((one) => db.$executeRawUnsafe(one)),
  ]);
}

const all = { ...({} as Person), id: 'x', operator: true, memberships: [] };

async function exported(person: Person, format: ExportFormat = 'jsonl', filter = {}) {
  let text = '';
  for await (const piece of exportTrail(db, person, filter, format)) text += piece;
  return text;
}

beforeEach(async () => {
  await meddle(`TRUNCATE "AuditEvent", "AuditChain", "AuditSeal"`);
  seeded = [];
  for (let i = 0; i < 6; i++) seeded.push(await write('test', { i }));
});

describe('the chain', () => {
  test('holds as it was written, also by many at once', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => write('test', { i })));
    expect(await checkTrail(db)).toMatchObject({ rows: 26, problem: null, unchained: 0, head: { seq: '26' } });
  });

  test('a transaction that is taken back leaves no gap', async () => {
    await db
      .$transaction(async (tx) => {
        await audit(tx, 'test', 'x.y', { kind: 'slice', id: 'a_b' }, {}, now);
        throw new Error('taken back');
      })
      .catch(() => {});
    await write();
    expect(await checkTrail(db)).toMatchObject({ rows: 7, problem: null });
  });

  test('who writes first and then waits for an object does not hold up who has the object and then writes', async () => {
    const { id } = await seedSite(db, 'aaa');
    const done = (writesFirst: boolean) =>
      db.$transaction(async (tx) => {
        const write = () => audit(tx, 'test', 'site.acted', { kind: 'site', id }, {}, now);
        if (writesFirst) await write();
        await tx.site.update({ where: { id }, data: { city: 'Oslo' } });
        if (!writesFirst) await write();
      });
    await Promise.all(Array.from({ length: 12 }, (_, i) => done(i % 2 === 0)));
    expect(await checkTrail(db)).toMatchObject({ rows: 18, problem: null });
  });

  test.each([
    [
      'changed',
      '3',
      `UPDATE "AuditEvent" SET actor = 'nobody' WHERE id = (SELECT "eventId" FROM "AuditChain" WHERE seq = 3)`,
    ],
    [
      'changed',
      '3',
      `UPDATE "AuditEvent" SET facts = '{"i": 9}' WHERE id = (SELECT "eventId" FROM "AuditChain" WHERE seq = 3)`,
    ],
    [
      'changed',
      '3',
      `UPDATE "AuditEvent" SET at = at + interval '1 millisecond' WHERE id = (SELECT "eventId" FROM "AuditChain" WHERE seq = 3)`,
    ],
    ['removed', '3', `DELETE FROM "AuditEvent" WHERE id = (SELECT "eventId" FROM "AuditChain" WHERE seq = 3)`],
    [
      'removed',
      '3',
      `WITH c AS (DELETE FROM "AuditChain" WHERE seq = 3 RETURNING "eventId") DELETE FROM "AuditEvent" WHERE id = (SELECT "eventId" FROM c)`,
    ],
    [
      'changed',
      '3',
      `DELETE FROM "AuditChain" WHERE seq = 3; UPDATE "AuditChain" SET seq = seq + 99 WHERE seq > 3; UPDATE "AuditChain" SET seq = seq - 100 WHERE seq > 99`,
    ],
    [
      'changed', // a row rewritten together with its hash: the next one follows another
      '4',
      `WITH e AS (UPDATE "AuditEvent" SET actor = 'nobody' WHERE id = (SELECT "eventId" FROM "AuditChain" WHERE seq = 3) RETURNING *)
       UPDATE "AuditChain" c SET hash = sha256(c.prev || convert_to("audit_text"(e), 'UTF8'))
       FROM (SELECT e::"AuditEvent" AS e FROM e) x(e) WHERE c.seq = 3`,
    ],
  ])('finds a row that was %s (row %s)', async (kind, seq, sql) => {
    await meddle(sql);
    expect((await checkTrail(db)).problem).toMatchObject({ kind, seq });
  });

  test('finds an end that was cut off behind a seal, and a row that the chain does not know', async () => {
    await sealTrail(db, key, now);
    await meddle(
      `WITH c AS (DELETE FROM "AuditChain" WHERE seq > 4 RETURNING "eventId") DELETE FROM "AuditEvent" WHERE id IN (SELECT "eventId" FROM c)`,
    );
    expect((await checkTrail(db)).problem).toEqual({
      kind: 'cut-off',
      seq: '5',
      says: 'rows 5 to 6 were there and are gone',
    });
    await meddle(`INSERT INTO "AuditEvent" (actor, action, "objectKind", "objectId") VALUES ('x', 'y', 'z', 'w')`);
    expect((await checkTrail(db)).unchained).toBe(1);
  });

  test('is sealed up to its last row, also past the ninth', async () => {
    for (let i = 0; i < 6; i++) await write();
    expect(await sealTrail(db, key, now)).toMatchObject({ seq: '12' });
  });

  test('finds a trail that was written anew, hashes and all', async () => {
    const seal = await sealTrail(db, key, now);
    expect(openSeal(seal ?? fail())).toBe(key.jkt);
    expect(await sealTrail(db, key, now)).toBeNull();
    await write();
    expect((await checkTrail(db)).seal).toMatchObject({ seq: '6', key: key.jkt });
    await meddle(`TRUNCATE "AuditEvent", "AuditChain"`);
    for (let i = 0; i < 8; i++) await write('somebody else', { i });
    expect((await checkTrail(db)).problem).toMatchObject({ kind: 'changed', seq: '6' });
    await meddle(`UPDATE "AuditSeal" SET hash = (SELECT hash FROM "AuditChain" WHERE seq = 6)`);
    expect((await checkTrail(db)).problem).toMatchObject({ kind: 'changed', seq: '6' });
  });

  test('whatever the facts are, an export’s line says by itself whether it is as it was written', async () => {
    const facts = fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.jsonValue({ maxDepth: 2 }), {
      maxKeys: 5,
    });
    await fc.assert(
      fc.asyncProperty(facts, async (of) => {
        const text = JSON.stringify(of);
        if (/\\u0000/.test(text)) return; // jsonb has no such text
        await db.$executeRaw`INSERT INTO "AuditEvent" (actor, action, "objectKind", "objectId", facts) VALUES ('p', 'q', 'r', 's', ${text}::jsonb)`;
      }),
      { numRuns: 60 },
    );
    const lines = (await exported(all)).trim().split('\n');
    for (const line of lines) expect(isAsWritten(JSON.parse(line) as ChainedRow), line).toBe(true);
    expect(isAsWritten({ ...(JSON.parse(lines[2] ?? '') as ChainedRow), actor: 'x' })).toBe(false);
  });
});

test('each sees what concerns them: their own acts, their sites’ as PI or tech, their slices’', async () => {
  const home = await seedSite(db, 'home');
  const other = await seedSite(db, 'other');
  const ada = await seedPerson(db, { roles: [[home.id, 'researcher']] });
  const pi = await seedPerson(db, { roles: [[home.id, 'pi']] });
  const slice = await db.slice.create({
    data: {
      name: 'home_mine',
      urn: 'u',
      siteId: home.id,
      ownerId: ada.id,
      spec: {},
      sliverCount: 1,
      minimumCount: 1,
      cpuMilli: 1,
      memoryMiB: 1,
      diskMiB: 1,
      networkKbps: 1,
      termSeconds: 1,
      graceSeconds: 0,
      createdAt: new Date(now.getTime() - 1000),
      members: { create: { userId: ada.id } },
    },
  });
  const byAda = await write(ada, {}, other.id);
  const atHome = await write('test', {}, home.id);
  const elsewhere = await write('test', {}, other.id);
  await db.$transaction((tx) => audit(tx, 'worker', 'slice.active', { kind: 'slice', id: slice.name }, {}, now));
  const seen = async (person: Person) =>
    (await listTrail(db, person, { limit: 100 })).rows.map((row) => row.objectId).filter((id) => !seeded.includes(id));
  expect(await seen(ada)).toEqual(['home_mine', byAda]);
  expect(await seen(pi)).toEqual([atHome]);
  expect(await seen(all)).toEqual(['home_mine', elsewhere, atHome, byAda]);
  expect(await exported(pi)).not.toContain(elsewhere);
});

test('is searched, filtered and paged; what is typed is taken by the letter', async () => {
  await write('ada@example.org', { comment: '100% of a_b' });
  const find = async (filter: object) => (await listTrail(db, all, { limit: 100, ...filter })).count;
  expect(await find({ q: '100% ada' })).toBe(1);
  expect(await find({ q: '100_' })).toBe(0);
  expect(await find({ actor: 'ada@example.org', action: 'slice.' })).toBe(1);
  expect(await find({ action: 'slice.re' })).toBe(0);
  expect(await find({ from: now, to: new Date(now.getTime() + 1) })).toBe(7);
  expect(await find({ to: now })).toBe(0);
  const first = await listTrail(db, all, { limit: 3 });
  const second = await listTrail(db, all, { limit: 3, cursor: first.next ?? '' });
  expect([...first.rows, ...second.rows].map((row) => row.seq)).toEqual(['7', '6', '5', '4', '3', '2']);
});

test('as CSV, no cell is a formula and no row breaks', async () => {
  await write('=HYPERLINK("http://evil")', { note: 'two\nlines, "quoted"' });
  const lines = (await exported(all, 'csv')).split('\r\n');
  expect(lines).toHaveLength(9);
  expect(lines[7]).toContain(`"'=HYPERLINK(""http://evil"")"`);
});

function fail(): never {
  throw new Error('nothing was sealed');
}
