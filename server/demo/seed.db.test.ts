import { verifyPassword } from 'better-auth/crypto';
import { afterAll, expect, test, vi } from 'vitest';
import { decodeEnrolmentToken, enrolmentSecretHash } from '@/protocol/pki/enrolment-token';
import { openDb } from '@/server/db';
import { testDatabase } from '@/test/postgres';
import { thisMachineUrn } from './fleet';
import { type SeedOptions, seedDemo } from './seed';

vi.stubEnv('MERIDIAN_AUTHORITY', 'meridian');
const database = await testDatabase();
const db = openDb(database.url, 4);
afterAll(() => db.$disconnect());

const options: SeedOptions = {
  authority: 'meridian',
  enrolment: { agentAddress: 'localhost:7420', caFingerprint: 'ab'.repeat(32) },
  known: [],
  hasCliToken: false,
  nodes: 180,
  now: new Date('2026-03-01T12:00:00Z'),
};

async function snapshot() {
  const [sites, nodes, people, memberships, quotas, tokens, apiKeys] = await Promise.all([
    db.site.findMany({ orderBy: { urn: 'asc' } }),
    db.node.findMany({ orderBy: { urn: 'asc' } }),
    db.user.findMany({ orderBy: { email: 'asc' }, include: { accounts: true } }),
    db.membership.count(),
    db.quota.findMany({ orderBy: { siteId: 'asc' } }),
    db.enrolmentToken.count(),
    db.apiKey.count(),
  ]);
  return { sites, nodes, people, memberships, quotas, tokens, apiKeys };
}

test('fills an empty deployment, and a second time changes nothing', async () => {
  const seeded = await seedDemo(db, options);
  const first = await snapshot();
  expect([first.sites.length, first.nodes.length, first.people.length, first.memberships]).toEqual([61, 181, 5, 4]);
  expect(first.nodes.every((node) => node.bootState === 'boot' && node.address === null)).toBe(true);
  expect(seeded.manifest).toHaveLength(180);
  expect(seeded.cliToken).toMatch(/^mrd_/);
  expect(first.tokens).toBe(181);

  const again = await seedDemo(db, { ...options, known: seeded.accounts, hasCliToken: true });
  expect(await snapshot()).toEqual(first);
  expect(again.accounts).toEqual(seeded.accounts);
  expect(again.cliToken).toBeNull();
});

test('its passwords let people in, and a lost file gets new ones', async () => {
  const lost = await seedDemo(db, { ...options, hasCliToken: true });
  for (const account of lost.accounts) {
    const user = await db.user.findUniqueOrThrow({ where: { email: account.email }, include: { accounts: true } });
    const hash = user.accounts[0]?.password ?? '';
    expect(await verifyPassword({ hash, password: account.password })).toBe(true);
    expect(account.password.length).toBeGreaterThanOrEqual(20);
  }
});

test('its tokens are for the node they name, and none is made for a node that has enrolled', async () => {
  const seeded = await seedDemo(db, { ...options, known: [], hasCliToken: true });
  const line = seeded.manifest.find((each) => each.node.endsWith(':reykjavik+node+node1'));
  expect(line?.behaviour).toBe('down');
  const token = decodeEnrolmentToken(line?.token ?? '');
  expect(token).toMatchObject({ agent: 'localhost:7420', ca: 'ab'.repeat(32), node: line?.node });
  const row = await db.enrolmentToken.findUniqueOrThrow({
    where: { secretHash: enrolmentSecretHash(token.secret) },
    include: { node: true },
  });
  expect(row.node.urn).toBe(line?.node);

  await db.node.update({ where: { urn: thisMachineUrn('meridian') }, data: { enrolledAt: options.now } });
  expect((await seedDemo(db, { ...options, hasCliToken: true })).nodeToken).toBeNull();
});

test('a smaller fleet still stands in every city it can', async () => {
  const small = await testDatabase();
  const other = openDb(small.url, 2);
  try {
    const seeded = await seedDemo(other, { ...options, nodes: 60 });
    expect(new Set(seeded.manifest.map((line) => line.node.split('+')[1])).size).toBe(60);
  } finally {
    await other.$disconnect();
    await small.drop();
  }
});
