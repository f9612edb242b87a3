import { randomUUID } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { AgentView } from '@/protocol/api/agents';
import type { Person } from '@/server/services/policy';
import { seedPerson } from '@/test/people';
import { testPrisma } from '@/test/prisma';
import { setAgentPolicy, setAgentShare, setAgentSwitch } from './change-agent';
import { listAgents } from './list-agents';
import { tryPolicy } from './try-policy';

const { db, pool } = await testPrisma();
let operator: Person;
let researcher: Person;
const [am, north] = [randomUUID(), randomUUID()];
const NOW = new Date();

beforeAll(async () => {
  operator = await seedPerson(db, { operator: true });
  researcher = await seedPerson(db, {});
  for (const [id, name] of [
    [am, 'am'],
    [north, 'am.north'],
  ])
    await pool.query(
      `INSERT INTO "Agent" (id, urn, jkt, "publicKey", address, "lastSeenAt", "createdAt") VALUES ($1, $2, $3, 'x', 'localhost:1', now(), now() - ($4 || ' days')::interval)`,
      [id, `urn:publicid:IDN+m+authority+${name}`, `jkt-${name}`, name === 'am' ? 9 : 1],
    );
  const siteId = randomUUID();
  await pool.query(`INSERT INTO "Site" (id, "loginBase", name, urn) VALUES ($1, 'trial', 'Trial', 'urn:trial')`, [
    siteId,
  ]);
  for (let i = 0; i < 2; i++) {
    const nodeId = randomUUID();
    await pool.query(`INSERT INTO "Node" (id, urn, hostname, "siteId") VALUES ($1, $2, 'n', $3)`, [
      nodeId,
      `urn:node${i}`,
      siteId,
    ]);
    await pool.query(
      `INSERT INTO "NodeKey" (id, "nodeId", jkt, "publicKey", incarnation) VALUES (gen_random_uuid(), $1, $2, 'x', 'i')`,
      [nodeId, `node${i}`],
    );
    for (const [cpu, age] of [
      [1_000_000, 2],
      [900_000, 1], // the newest counts
    ])
      await pool.query(
        `INSERT INTO "Delegation" (id, iss, jti, "nodeId", "agentId", "granteeJkt", line, text, incarnation, "cpuMilli", "memoryMiB", "diskMiB",
           "networkKbps", "degreeMilli", "notBefore", "notAfter", "createdAt")
         VALUES (gen_random_uuid(), $1, $2, $3, $4, 'jkt-am', 'l', '', 'i', $5::int, $5::int, $5::int, $5::int, 1500, now(), now() + interval '1 day', now() - ($6 || ' hours')::interval)`,
        [`node${i}`, `d${cpu}`, nodeId, am, cpu, age],
      );
  }
});

test('agents tell what they may give out, by the newest delegation of each node; a seed is told to operators only', async () => {
  const [first, second] = AgentView.array().parse(await listAgents(db, operator, new Date())); // sums pass what the API says of them
  expect(first).toMatchObject({
    name: 'am',
    state: 'open',
    here: true,
    nodes: 2,
    total: { cpuMilli: 2_700_000 },
    issued: 0,
  });
  expect(second).toMatchObject({ name: 'am.north', nodes: 0 });
  const set = await setAgentPolicy(
    db,
    operator,
    'am.north',
    { kind: 'lottery', weight: 1, sites: {}, drawSeconds: 60, waitSeconds: 60 },
    NOW,
  );
  expect(set.policy).toMatchObject({ kind: 'lottery', seed: expect.stringMatching(/^[A-Za-z0-9_-]{16}$/) });
  const again = await setAgentPolicy(
    db,
    operator,
    north,
    { kind: 'lottery', weight: 2, sites: {}, drawSeconds: 60, waitSeconds: 60 },
    NOW,
  );
  expect(again.policy).toMatchObject({ weight: 2, seed: 'seed' in set.policy ? set.policy.seed : '' });
  expect((await listAgents(db, researcher, NOW))[1]?.policy).not.toHaveProperty('seed');
});

test('each change is audited once, and a revoked agent takes none', async () => {
  await setAgentShare(db, operator, 'urn:publicid:IDN+m+authority+am', { shareMilli: 500 }, NOW);
  await setAgentShare(db, operator, 'am', { shareMilli: 500 }, NOW);
  expect(await setAgentSwitch(db, operator, 'am', 'draining', NOW)).toMatchObject({
    state: 'draining',
    shareMilli: 500,
  });
  await setAgentSwitch(db, operator, 'am', 'open', NOW);
  const { rows } = await pool.query(
    `SELECT action, facts FROM "AuditEvent" WHERE "objectId" LIKE '%authority+am' ORDER BY id`,
  );
  expect(rows.map((row) => row.action)).toEqual(['agent.share', 'agent.adminSwitch', 'agent.adminSwitch']);
  await expect(setAgentSwitch(db, operator, 'am%', 'open', NOW)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await pool.query(`UPDATE "Agent" SET "revokedAt" = now() WHERE id = $1`, [north]);
  await expect(setAgentShare(db, operator, north, { shareMilli: 10 }, NOW)).rejects.toMatchObject({
    code: 'WRONG_STATE',
  });
  expect((await listAgents(db, operator, NOW)).map((agent) => agent.state)).toEqual(['open', 'revoked']);
});

test('a policy is tried on last week’s requests, and changes nothing', async () => {
  const asked = (hoursAgo: number, site: string, granted: number, unmet: number, more: { renewal?: boolean } = {}) =>
    pool.query(
      `INSERT INTO "TicketRequest" (key, "bodyHash", answer, "createdAt", "agentId", "sliceUrn", site, asked, granted, unmet, renewal, "cpuMilli",
         "memoryMiB", "diskMiB", "networkKbps", "startsAt", "endsAt")
       VALUES ($1, '', '{}', now() - ($2 || ' hours')::interval, $3, $4, $5, $6::int + $7::int + 1, $6, $7, $8, 500, 500, 500, 500, now(), now() + interval '1 day')`,
      [
        randomUUID(),
        hoursAgo,
        am,
        `urn:publicid:IDN+m+slice+${site}_a${hoursAgo}`,
        site,
        granted,
        unmet,
        more.renewal ?? false,
      ],
    );
  await asked(200, 'old', 9, 0);
  await asked(5, 'oslo', 10, 0);
  await asked(4, 'lima', 2, 6);
  await asked(3, 'oslo', 5, 0, { renewal: true });
  await asked(0.5, 'oslo', 0, 3);
  const before = await db.agent.findUniqueOrThrow({ where: { id: am } });
  const trial = await tryPolicy(
    db,
    { agent: 'am', policy: { kind: 'quota', each: { slivers: 6 }, sites: {} } },
    new Date(),
  );
  expect(trial).toMatchObject({ requests: 3, asked: 21, granted: 12, would: 12, deniedCount: 3, cut: false });
  expect(trial.sites).toEqual([
    { site: 'oslo', requests: 2, asked: 13, granted: 10, would: 6 },
    { site: 'lima', requests: 1, asked: 8, granted: 2, would: 6 },
  ]);
  expect(trial.denied[2]).toMatchObject({ site: 'oslo', would: 6, reason: { code: 'POLICY_DENIED' } });
  expect(await db.agent.findUniqueOrThrow({ where: { id: am } })).toEqual(before);
});
