import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { proveChallenge, renewalChallenge } from '@/protocol/pki/challenge';
import { loadOrMakeCa } from '@/protocol/pki/deployment-secrets';
import { generateIdentityKey } from '@/protocol/statement/keys';
import { refusedFrom } from '@/protocol/trpc';
import { testDatabase } from '@/test/postgres';
import { secretStore } from './store/deployment';
import { agentFixture, ask, type FakeNode, OFFER, refusal } from './test-fleet';

const database = await testDatabase();
let fleet: Awaited<ReturnType<typeof agentFixture>>;

beforeAll(async () => {
  fleet = await agentFixture(database.pool, database.url);
});
afterAll(async () => {
  await fleet.close();
  await database.drop();
});

const one = async <T extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
  (await database.pool.query<T>(sql, values)).rows[0];

describe('the deployment’s secrets', () => {
  test('several that start at once agree on one CA', async () => {
    await database.pool.query(`CREATE TABLE "Other" AS SELECT * FROM "SealedSecret" WHERE false`);
    await database.pool.query(`ALTER TABLE "Other" ADD PRIMARY KEY (name)`);
    const other = secretStore({
      query: (sql, values) => database.pool.query(String(sql).replace('"SealedSecret"', '"Other"'), values),
    });
    const key = randomBytes(32);
    const all = await Promise.all(
      Array.from({ length: 8 }, () => loadOrMakeCa(other, key, { authority: 'meridian', now: new Date() })),
    );
    expect(new Set(all.map((ca) => ca.certificatePem)).size).toBe(1);
    await expect(
      loadOrMakeCa(other, randomBytes(32), { authority: 'meridian', now: new Date() }),
    ).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('enrolment', () => {
  test('gives certificates of nodes only, whatever the register says', async () => {
    for (const urn of ['urn:publicid:IDN+meridian+authority+sm', 'urn:publicid:IDN+meridian+authority+am']) {
      const node = await fleet.registerNode('disguised');
      await database.pool.query(`UPDATE "Node" SET urn = $2 WHERE id = $1`, [node.id, urn]);
      expect(await refusal(fleet.enrol({ ...node, urn }))).toBe('INVALID_INPUT');
      await database.pool.query(`DELETE FROM "Node" WHERE id = $1`, [node.id]);
    }
  });
  test('a token enrols one key under a race; the same key again succeeds, another is refused', async () => {
    const node = await fleet.registerNode('race');
    const keys = Array.from({ length: 8 }, () => generateIdentityKey());
    const outcomes = await Promise.allSettled(keys.map((key) => fleet.enrol(node, key)));
    expect(outcomes.filter((o) => o.status === 'fulfilled')).toHaveLength(1);
    const winner = keys[outcomes.findIndex((o) => o.status === 'fulfilled')];
    expect(outcomes.flatMap((o) => (o.status === 'rejected' ? [refusedFrom(o.reason)?.code] : []))).toEqual(
      Array(7).fill('TOKEN_USED'),
    );
    expect(await one(`SELECT count(*)::int AS n FROM "NodeKey" WHERE "nodeId" = $1`, [node.id])).toEqual({ n: 1 });
    const again = await fleet.enrol(node, winner);
    expect(again.serviceManager.jkt).toBe(fleet.sm.jkt);
    expect(await one(`SELECT "bootState", address FROM "Node" WHERE id = $1`, [node.id])).toEqual({
      bootState: 'boot',
      address: 'localhost:7430',
    });
  });
  test('a node that cannot be dialled is dialled at its agent’s address, also when that moves', async () => {
    const [hidden, open] = [await fleet.registerNode('hidden'), await fleet.registerNode('open')];
    await fleet.enrol(hidden, hidden.key, 'relay');
    await fleet.enrol(open);
    const addresses = async () =>
      (
        await database.pool.query(`SELECT address FROM "Node" WHERE id = ANY($1) ORDER BY hostname`, [
          [hidden.id, open.id],
        ])
      ).rows.map((row) => row.address);
    expect(await addresses()).toEqual([fleet.agent.address, 'localhost:7430']);
    const facts = {
      urn: open.urn,
      publicKey: open.key.jwk,
      incarnation: open.incarnation,
      at: Math.floor(Date.now() / 1000),
    };
    const renewal = { ...facts, address: 'relay' };
    const proof = proveChallenge(renewalChallenge(renewal), open.key.privateKey);
    await fleet.client.renewCertificate.mutate({ ...renewal, proof });
    expect(await addresses()).toEqual([fleet.agent.address, fleet.agent.address]);
    await database.pool.query(`UPDATE "Node" SET address = 'localhost:7430' WHERE id = $1`, [open.id]);
    const moved = await fleet.start();
    expect(moved.address).not.toBe(fleet.agent.address);
    expect(await addresses()).toEqual([moved.address, 'localhost:7430']);
    await moved.close();
    await database.pool.query(`UPDATE "Agent" SET address = $1`, [fleet.agent.address]);
  });
  test('a foreign or expired token, and a proof of another key, are refused', async () => {
    const [a, b] = [await fleet.registerNode('a'), await fleet.registerNode('b')];
    expect(await refusal(fleet.enrol({ ...a, secret: b.secret }))).toBe('TOKEN_INVALID');
    expect(await refusal(fleet.enrol({ ...a, secret: randomBytes(32).toString('base64url') }))).toBe('TOKEN_INVALID');
    expect(await refusal(fleet.enrol(a, { ...generateIdentityKey(), jwk: a.key.jwk }))).toBe('BAD_SIGNATURE');
    await database.pool.query(`UPDATE "EnrolmentToken" SET "expiresAt" = now() WHERE "nodeId" = $1`, [a.id]);
    expect(await refusal(fleet.enrol(a))).toBe('TOKEN_INVALID');
  });
});

describe('delegations', () => {
  test('only the enrolled key’s own, to this agent', async () => {
    const node = await fleet.registerNode('delegating');
    await fleet.enrol(node);
    const delegate = (delegation: string) => refusal(fleet.clientOf(node).delegate.mutate({ delegation }));
    const imposter: FakeNode = { ...node, key: generateIdentityKey() };
    expect(await delegate(fleet.delegation(imposter))).toBe('UNKNOWN_ISSUER');
    expect(await delegate(fleet.delegation(node, { granteeJkt: generateIdentityKey() }))).toBe('WRONG_HOLDER');
    const foreign = { ...node, urn: `${node.urn}x` };
    expect(await delegate(fleet.delegation(foreign))).toBe('WRONG_NODE');
    expect((await fleet.beat(node)).agents).toMatchObject([{ urn: fleet.agent.urn, shareMilli: 1000, holds: null }]);
    await fleet.clientOf(node).delegate.mutate({ delegation: fleet.delegation(node) });
    expect((await fleet.beat(node)).agents[0]?.holds).toEqual({ rights: OFFER, degreeMilli: 1000 });
  });
});

describe('who may ask', () => {
  test('a node may not ask for tickets, a service manager not beat, nobody anything', async () => {
    const [node] = await fleet.nodes(1);
    if (!node) throw new Error('no node');
    expect(await refusal(fleet.clientOf(node).issue.mutate(ask([node])))).toBe('NOT_ALLOWED');
    expect(
      await refusal(
        fleet.client.heartbeat.mutate({
          seq: 0,
          at: new Date().toISOString(),
          incarnation: 'i',
          journalSequence: 0,
          version: '0',
          driver: 'oci',
          capacity: OFFER,
          free: OFFER,
          load1Milli: 0,
          uptimeSeconds: 1,
          sliverCount: 0,
          full: false,
          slivers: [],
        }),
      ),
    ).toBe('NOT_ALLOWED');
  });
  test('a revoked key counts no more, on the connection it has', async () => {
    const [node] = await fleet.nodes(1);
    if (!node) throw new Error('no node');
    await fleet.beat(node);
    await database.pool.query(`UPDATE "NodeKey" SET "revokedAt" = now() WHERE jkt = $1`, [node.key.jkt]);
    expect(await refusal(fleet.beat(node))).toBe('REVOKED');
    const answer = await fleet.client.issue.mutate(ask([node]));
    expect(answer.refused[0]?.reason.code).toBe('NODE_NOT_ENROLLED');
  });
});

test('nothing in all this was a bug', () => {
  expect(fleet.errors).toEqual([]);
});
