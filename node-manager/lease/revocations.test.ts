import { expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import type { WatchOutput } from '@/protocol/agent/revocations';
import { decodeUnverified } from '@/protocol/statement/verify';
import { AGENT_JKT, codeOf, manager, SLICE, start, ticket } from '../testing/local-node';
import { newStatementId } from './redeem';

type Notice = WatchOutput['revocations'][number];
const told = (...all: (Partial<Notice> & Pick<Notice, 'kind'>)[]): WatchOutput => ({
  heard: all.length,
  revocations: all.map((one, i) => ({
    jkt: null,
    iss: null,
    jti: null,
    endLeases: false,
    reason: 'it leaked',
    by: 'Ada',
    at: '2026-11-22T10:00:00.000Z',
    expiresAt: null,
    ...one,
    number: i + 1,
  })),
});
const factsOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (err: unknown) => (err instanceof Refused ? { code: err.code, ...err.facts } : err),
  );
const ref = (text: string) => {
  const { iss, jti } = decodeUnverified('ticket+jwt', text).claims;
  return { iss, jti };
};
const linkOf = (text: string) => {
  const { iss, jti } = decodeUnverified(
    'delegation+jwt',
    decodeUnverified('ticket+jwt', text).claims.chain[0] ?? '',
  ).claims;
  return { iss, jti };
};

test('a ticket is refused for its own sake, for a link’s, and for a key’s, and the refusal says which', async () => {
  const { node, service } = await start();
  const [one, two, three] = [ticket(), ticket(), ticket()];
  await node.revocations.take(told({ kind: 'ticket', ...ref(one) }, { kind: 'delegation', ...linkOf(two) }));
  expect(node.revocations.heard).toBe(2);
  const by = { by: 'Ada', at: '2026-11-22T10:00:00.000Z', why: 'it leaked' };
  expect(await factsOf(service.redeem(manager, { ticket: one, waitMs: 0 }, never))).toEqual({
    code: 'REVOKED',
    kind: 'ticket',
    id: ref(one).jti,
    ...by,
  });
  expect(await factsOf(service.redeem(manager, { ticket: two, waitMs: 0 }, never))).toEqual({
    code: 'REVOKED',
    kind: 'delegation',
    id: linkOf(two).jti,
    ...by,
  });
  expect(await codeOf(service.redeem(manager, { ticket: three, waitMs: 0 }, never))).toBe('done');
  await node.revocations.take({ ...told({ kind: 'key', jkt: AGENT_JKT }), heard: 3 });
  expect(
    await factsOf(service.redeem(manager, { ticket: ticket({ slice: `${SLICE}2` }), waitMs: 0 }, never)),
  ).toMatchObject({ code: 'REVOKED', kind: 'key', id: AGENT_JKT });
});

test('leases run on and are not renewed, or end at once with a receipt that says why', async () => {
  const { node, service } = await start();
  const first = ticket();
  const until = decodeUnverified('ticket+jwt', first).claims.end;
  await service.redeem(manager, { ticket: first, waitMs: 0 }, never);
  await node.revocations.take(told({ kind: 'delegation', ...linkOf(first) }));
  expect(node.state.leases.size).toBe(1);
  const receipt = [...node.revocations.receipts.values()][0] ?? '';
  expect(decodeUnverified('receipt+jwt', receipt).claims).toMatchObject({
    kind: 'revoked',
    delegation: linkOf(first),
    until,
  });
  const renewal = ticket({ replaces: ref(first).jti, chain: decodeUnverified('ticket+jwt', first).claims.chain });
  expect(await factsOf(service.renew(manager, { ticket: renewal }))).toMatchObject({
    code: 'REVOKED',
    kind: 'delegation',
  });
  await node.revocations.take({ ...told({ kind: 'delegation', ...linkOf(first), endLeases: true }), heard: 2 });
  expect(node.state.leases.size).toBe(0);
  const spent = node.state.spent.get(`${AGENT_JKT} ${ref(first).jti}`);
  expect(decodeUnverified('receipt+jwt', spent?.receipt ?? '').claims).toMatchObject({
    kind: 'released',
    code: 'AUTHORITY_REVOKED',
    facts: { kind: 'delegation', why: 'it leaked' },
  });
  expect([...node.keeper.records.values()].map(({ state, reason }) => [state, reason?.code])).toEqual([
    ['gone', 'AUTHORITY_REVOKED'],
  ]);
});

test('a lease whose ticket was taken back is not renewed, though the renewal’s own ticket stands', async () => {
  const { node, service } = await start();
  const first = ticket();
  await service.redeem(manager, { ticket: first, waitMs: 0 }, never);
  await node.revocations.take(told({ kind: 'ticket', ...ref(first) }));
  const renewal = ticket({ replaces: ref(first).jti, end: decodeUnverified('ticket+jwt', first).claims.end + 60 });
  expect(await factsOf(service.renew(manager, { ticket: renewal }))).toMatchObject({
    code: 'REVOKED',
    kind: 'ticket',
    id: ref(first).jti,
  });
});

test('what was heard survives a crash, and what it kept from ending ends at the start', async () => {
  const before = await start();
  const one = ticket();
  await before.service.redeem(manager, { ticket: one, waitMs: 0 }, never);
  // The revocation is on the disk; the process died before the lease's end was.
  await before.ledger.record(before.node.o.urn, {
    t: 'revoked',
    at: Date.now(),
    heard: 7,
    revocations: [
      {
        kind: 'ticket',
        what: `${ref(one).iss} ${ref(one).jti}`,
        endLeases: true,
        reason: '',
        by: '',
        at: '',
        expiresAt: null,
      },
    ],
  });
  const after = await start(before.crashed());
  expect([after.node.revocations.heard, after.node.state.leases.size]).toEqual([7, 1]);
  after.node.revocations.begin(60_000);
  await expect.poll(() => after.node.state.leases.size).toBe(0);
});

test('nothing is acknowledged before it is durable, and what would be over anyway is forgotten', async () => {
  const { node, ledger } = await start();
  const known = ledger.sequence;
  const taken = node.revocations.take(
    told({ kind: 'ticket', iss: AGENT_JKT, jti: newStatementId(), expiresAt: 1_000 }),
  );
  await taken;
  expect(ledger.sequence).toBeGreaterThan(known);
  await node.revocations.take({ ...told({ kind: 'key', jkt: AGENT_JKT }), heard: 2 });
  expect([...node.state.revocations.keys()]).toEqual([`key ${AGENT_JKT}`]);
});

const never = new AbortController().signal;
