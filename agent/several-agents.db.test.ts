import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { decodeUnverified } from '@/protocol/statement/verify';
import { agentClient } from '@/protocol/transport/client';
import { testDatabase } from '@/test/postgres';
import type { Agent } from './agent';
import { agentFixture, ask, OFFER, refusal } from './test-fleet';

// Two agents of one deployment on one database: each bounded by what it was given itself.
const database = await testDatabase();
let fleet: Awaited<ReturnType<typeof agentFixture>>;
let north: Agent;

beforeAll(async () => {
  fleet = await agentFixture(database.pool, database.url);
  north = await fleet.start('north');
});
afterAll(async () => {
  await north?.close();
  await fleet?.close();
  await database.drop();
});

const rows = async <T extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
  (await database.pool.query<T>(sql, values)).rows;
const half = { cpuMilli: 500, memoryMiB: 512, diskMiB: 4096, networkKbps: 50_000 };
const asNorth = () => agentClient(fleet.target(north), fleet.sm);
const set = (urn: string, columns: string, ...values: unknown[]) =>
  database.pool.query(`UPDATE "Agent" SET ${columns} WHERE urn = $1`, [urn, ...values]);
/** As many slivers of a quarter core as a node of one core could hold four of. */
const quarter = { ...DEFAULT_RESOURCES, cpuMilli: 250, memoryMiB: 64, diskMiB: 256, networkKbps: 1000 };

/** A node that delegates half of what it has to each of the two, both by way of the first. */
async function sharedNode() {
  const node = await fleet.registerNode(`shared${Math.random().toString(36).slice(2, 8)}`);
  await fleet.enrol(node);
  for (const to of [fleet.agent, north])
    await fleet
      .clientOf(node)
      .delegate.mutate({ delegation: fleet.delegation(node, { rights: half, granteeJkt: to.key }) });
  await fleet.beat(node);
  return node;
}

const slice = (i: number) => `urn:publicid:IDN+meridian+slice+oslo_s${i}`;

describe('several agents', () => {
  test('each is registered by its name, with a key of its own, and says that it is here', async () => {
    expect(north.urn).toBe('urn:publicid:IDN+meridian+authority+am.north');
    expect(north.key.jkt).not.toBe(fleet.agent.key.jkt);
    await expect
      .poll(() => rows(`SELECT urn FROM "Agent" WHERE "lastSeenAt" > now() - interval '1 minute' ORDER BY urn`))
      .toEqual([{ urn: fleet.agent.urn }, { urn: north.urn }]);
  });

  test('a heartbeat’s answer tells what is wished for each, and what each has', async () => {
    await set(north.urn, '"shareMilli" = 250, "degreeMilli" = 1500');
    const node = await sharedNode();
    const { agents } = await fleet.beat(node);
    expect(agents).toMatchObject([
      {
        urn: fleet.agent.urn,
        address: fleet.agent.address,
        shareMilli: 1000,
        degreeMilli: 1000,
        holds: { rights: half },
      },
      { urn: north.urn, publicKey: north.key.jwk, shareMilli: 250, degreeMilli: 1500, holds: { degreeMilli: 1000 } },
    ]);
    await set(north.urn, '"revokedAt" = now()');
    expect((await fleet.beat(node)).agents).toHaveLength(1);
    const delegation = fleet.delegation(node, { granteeJkt: north.key });
    expect(await refusal(fleet.clientOf(node).delegate.mutate({ delegation }))).toBe('WRONG_HOLDER');
    await set(north.urn, '"revokedAt" = NULL, "shareMilli" = 1000, "degreeMilli" = 1000');
  });

  test('issue, each up to its own link and no further, also at the same time', async () => {
    const node = await sharedNode();
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, i) => {
        const client = i % 2 ? asNorth() : fleet.client;
        return client.issue.mutate(ask([node], { slice: slice(i), resources: quarter }));
      }),
    );
    const issuers = all.flatMap(({ tickets }) => tickets.map(({ iss }) => iss));
    expect(issuers.filter((iss) => iss === fleet.agent.key.jkt)).toHaveLength(2);
    expect(issuers.filter((iss) => iss === north.key.jkt)).toHaveLength(2);
    expect(all.flatMap(({ refused }) => refused.map(({ reason }) => reason.code))).toEqual(
      Array(4).fill('DELEGATION_SPENT'),
    );
    const chains = all.flatMap(({ tickets }) =>
      tickets.map(({ ticket }) => decodeUnverified('ticket+jwt', ticket).claims.chain[0]),
    );
    expect(new Set(chains).size).toBe(2);
    const [free] = (await asNorth().advertisements.query({ nodes: [node.urn] })).advertisements;
    expect(free?.free.cpuMilli).toBe(0);
  });

  test('a closed one issues nothing, a draining one renewals only, and both say which it is', async () => {
    const node = await sharedNode();
    const first = await asNorth().issue.mutate(ask([node], { resources: quarter }));
    const replaces = { [node.urn]: first.tickets[0]?.jti ?? '' };
    const more = { resources: quarter, start: Math.floor(Date.now() / 1000) };
    await set(north.urn, `"adminSwitch" = 'draining'`);
    const no = await asNorth().issue.mutate(ask([node], more));
    expect(no.refused[0]?.reason).toEqual({
      code: 'AGENT_CLOSED',
      facts: { agent: north.urn, adminSwitch: 'draining' },
    });
    expect((await asNorth().issue.mutate(ask([node], { ...more, replaces }))).tickets).toHaveLength(1);
    await set(north.urn, `"adminSwitch" = 'closed'`);
    const renewal = await asNorth().issue.mutate(ask([node], { ...more, replaces }));
    expect(renewal.refused[0]?.reason.code).toBe('AGENT_CLOSED');
    expect((await fleet.client.issue.mutate(ask([node], { ...more, slice: slice(99) }))).tickets).toHaveLength(1);
    await set(north.urn, `"adminSwitch" = 'open'`);
  });
});

describe('granting policies', () => {
  test('a quota holds when many ask at once, and the refusal says what it is', async () => {
    const nodes = await Promise.all(Array.from({ length: 8 }, sharedNode));
    await database.pool.query(`UPDATE "Ticket" SET state = 'burnt'`);
    await set(north.urn, 'policy = $2', { kind: 'quota', each: { slivers: 3 }, sites: {} });
    const all = await Promise.all(
      nodes.map((node, i) => asNorth().issue.mutate(ask([node], { slice: slice(i), resources: quarter }))),
    );
    expect(all.flatMap(({ tickets }) => tickets)).toHaveLength(3);
    const denied = all.flatMap(({ refused }) => refused.map(({ reason }) => reason));
    expect(denied).toHaveLength(5);
    expect(denied[0]).toEqual({
      code: 'POLICY_DENIED',
      facts: { policy: 'quota', site: 'oslo', resource: 'slivers', holds: 3, each: 3, wants: 1 },
    });
    expect(
      (
        await asNorth().issue.mutate(
          ask(nodes, { slice: 'urn:publicid:IDN+meridian+slice+lima_a', resources: quarter }),
        )
      ).tickets,
    ).toHaveLength(3);
    const [kept] = await rows(`SELECT site, asked, granted, unmet, decision FROM "TicketRequest" WHERE site = 'lima'`);
    expect(kept).toMatchObject({ asked: 8, granted: 3, unmet: 5, decision: { kind: 'quota', most: 3 } });
  });

  test('fair share: who holds less goes first once others wait', async () => {
    await database.pool.query(`UPDATE "Ticket" SET state = 'burnt'`);
    await database.pool.query(`UPDATE "Delegation" SET "revokedAt" = now()`);
    await database.pool.query(`DELETE FROM "TicketRequest"`);
    await set(north.urn, 'policy = $2', { kind: 'fair-share', waitSeconds: 600 });
    const nodes = await Promise.all(Array.from({ length: 4 }, sharedNode)); // 4 × 500 of CPU: eight quarters
    const of = (site: string, name: string) => `urn:publicid:IDN+meridian+slice+${site}_${name}`;
    const want = async (site: string, name: string, some = nodes) =>
      (await asNorth().issue.mutate(ask(some, { slice: of(site, name), resources: quarter }))).tickets.length;
    expect(await want('oslo', 'a')).toBe(4); // nobody else wants any
    expect(await want('oslo', 'b', nodes.slice(0, 2))).toBe(2);
    expect(await want('lima', 'a')).toBe(2); // all that is left: two more are waited for
    await database.pool.query(
      `UPDATE "Ticket" SET state = 'lapsed', "notAfter" = now() - interval '1 day', "endsAt" = now() - interval '1 day' WHERE "sliceUrn" = $1`,
      [of('oslo', 'b')],
    );
    expect(await want('oslo', 'c', nodes.slice(0, 2))).toBe(0); // holds its half
    expect(await want('lima', 'b', nodes.slice(0, 2))).toBe(2);
  });
});

test('nothing in all this was a bug', () => {
  expect(fleet.errors).toEqual([]);
  expect(OFFER.cpuMilli).toBe(2 * half.cpuMilli);
});
