import { expect, test } from 'vitest';
import { manager, SLICE, start, ticket } from '../testing/local-node';

test('each ticket of a call is for itself: in order, one refused beside the others, the same one twice is one lease', async () => {
  const { node, ledger, service } = await start();
  const other = (name: string) => ticket({ slice: SLICE.replace('lab_one', name) });
  const [a, b] = [other('lab_a'), other('lab_b')];
  // The signature's first character: its last two are the same in one of sixteen.
  const at = b.lastIndexOf('.') + 1;
  const tickets = [a, `${b.slice(0, at)}${b[at] === 'A' ? 'B' : 'A'}${b.slice(at + 1)}`, b, a];
  const { results } = await service.redeemAll(manager, { tickets });
  expect(results.map((one) => ('refused' in one ? one.refused.code : one.redeemed.again))).toEqual([
    false,
    'BAD_SIGNATURE',
    false,
    true,
  ]);
  expect(node.state.leases.size).toBe(2);
  const before = ledger.sequence;
  await service.redeemAll(manager, { tickets: [other('lab_c'), other('lab_d'), other('lab_e')] });
  expect(ledger.sequence - before).toBe(1); // one write to the disk for all
});
