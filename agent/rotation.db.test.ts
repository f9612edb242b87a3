import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyTicket } from '@/protocol/statement/ticket';
import { agentClient } from '@/protocol/transport/client';
import { testDatabase } from '@/test/postgres';
import { agentFixture, ask, refusal } from './test-fleet';

const database = await testDatabase();
let fleet: Awaited<ReturnType<typeof agentFixture>>;
beforeAll(async () => {
  fleet = await agentFixture(database.pool, database.url);
});
afterAll(async () => {
  await fleet?.close();
  await database.drop();
});

test('another key is announced, delegated to beside the present one, and takes its place with no ticket in between lost', async () => {
  const [one, two] = await fleet.nodes(2);
  if (!one || !two) throw new Error('no nodes');
  const [first] = (await fleet.client.issue.mutate(ask([one]))).tickets;
  const before = fleet.agent.key;
  const request = ask([two]);
  const answer = await fleet.client.issue.mutate(request);
  await database.pool.query(`UPDATE "Agent" SET "rotateAskedAt" = now()`);
  const next = async () => (await fleet.beat(one)).agents.find((wish) => wish.next);
  await expect.poll(next, { timeout: 10_000 }).toMatchObject({ urn: fleet.agent.urn, holds: null });
  const wish = await next();
  // One node has not delegated to it yet: the agent goes on with the present key.
  const key = { ...before, jwk: wish?.publicKey ?? before.jwk };
  await fleet.clientOf(one).delegate.mutate({ delegation: fleet.delegation(one, { granteeJkt: key }) });
  expect(await next()).toMatchObject({ holds: { degreeMilli: 1000 } });
  const between = await fleet.client.issue.mutate(ask([one, two], { slice: 'urn:publicid:IDN+meridian+slice+oslo_b' }));
  expect(between.tickets.map((ticket) => ticket.iss)).toEqual([before.jkt, before.jkt]);
  await fleet.clientOf(two).delegate.mutate({ delegation: fleet.delegation(two, { granteeJkt: key }) });
  await expect.poll(() => fleet.agent.key.jkt, { timeout: 10_000 }).not.toBe(before.jkt);
  const client = agentClient(fleet.target(), fleet.sm);
  const { tickets, refused } = await client.issue.mutate(
    ask([one, two], { slice: 'urn:publicid:IDN+meridian+slice+oslo_c' }),
  );
  expect(refused).toEqual([]);
  for (const { node, ticket } of tickets) {
    const of = node === one.urn ? one : two;
    const context = {
      nodeUrn: node,
      nodeJwk: of.key.jwk,
      incarnation: of.incarnation,
      now: Date.now(),
      revokedKeys: new Set<string>(),
      holderJkt: fleet.sm.jkt,
    };
    expect(verifyTicket(ticket, context).claims.iss).toBe(fleet.agent.key.jkt);
  }
  // What was asked before is answered the same, and a renewal of what the former key issued is issued.
  expect(await client.issue.mutate(request)).toEqual(answer);
  const renewal = ask([one], { replaces: { [one.urn]: first?.jti ?? '' } });
  expect((await client.issue.mutate(renewal)).refused).toEqual([]);
  expect(await refusal(client.advertisements.query({}))).toBe('Error: not refused');
});

test('the next start uses the key that the database says, also when a crash came before the files were renamed', async () => {
  const again = await fleet.start('second');
  const first = again.key.jkt;
  await database.pool.query(`UPDATE "Agent" SET "rotateAskedAt" = now() WHERE urn = $1`, [again.urn]);
  await expect.poll(() => again.key.jkt, { timeout: 10_000 }).not.toBe(first);
  const changed = again.key.jkt;
  await again.close();
  const restarted = await fleet.start('second');
  expect(restarted.key.jkt).toBe(changed);
  await restarted.close();
});
