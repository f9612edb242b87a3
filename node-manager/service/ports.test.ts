import { expect, test } from 'vitest';
import { noNetwork } from '../drivers/oci/network/no-network';
import type { PublishedPort, SliverNetwork } from '../drivers/oci/network/sliver-network';
import { codeOf, manager, SLICE, start, ticket } from '../testing/local-node';

/** What the host would have open. */
const host = new Map<string, readonly PublishedPort[]>();
const network: SliverNetwork = {
  ...noNetwork([]),
  setPorts: (id, ports) => {
    host.set(id, ports);
    return Promise.resolve();
  },
  holderOf: (_, external) => Promise.resolve(external === 22_222 ? 'a program of this host' : null),
};
const node = async (journal?: string) => {
  const made = await start(journal);
  Object.defineProperty(made.node.o.driver, 'network', { value: network });
  return made;
};
const web = { slice: SLICE, protocol: 'tcp' as const, internal: 80, sources: [] };
const OTHER = SLICE.replace('lab_one', 'lab_two');

test('a port is published durably, once, and goes with its lease', async () => {
  const { service, node: first, crashed } = await node();
  await service.redeem(manager, { ticket: ticket() });
  const port = await service.publish(manager, { ...web, external: 30_000, sources: ['10.9.9.9/8'] });
  expect(port).toEqual({ protocol: 'tcp', internal: 80, external: 30_000, sources: ['10.0.0.0/8'] });
  await service.publish(manager, { ...web, external: 30_000, sources: [] });
  const { ports } = await service.ports(manager, { slice: SLICE });
  expect(ports).toEqual([{ ...port, sources: [] }]);
  const [lease = ''] = first.state.leases.keys();
  expect(host.get(lease)).toEqual(ports);

  host.clear();
  const again = await node(crashed());
  await again.node.begin();
  expect(host.get(lease)).toEqual(ports);
  expect((await again.service.ports(manager, { slice: SLICE })).ports).toEqual(ports);
  await again.service.release(manager, { slice: SLICE, burn: [] });
  expect(again.node.state.ports.size).toBe(0);
});

test('the node chooses where nobody does, and says no with the reason', async () => {
  const { service } = await node();
  await service.redeem(manager, { ticket: ticket() });
  await service.redeem(manager, { ticket: ticket({ slice: OTHER }) });
  const chosen = await service.publish(manager, web);
  expect(chosen.external).toBeGreaterThanOrEqual(10_000);
  expect(await service.publish(manager, web)).toEqual(chosen);
  const { external } = chosen;
  expect(await codeOf(service.publish(manager, { ...web, slice: OTHER, external }))).toBe('PORT_TAKEN');
  expect(await codeOf(service.publish(manager, { ...web, slice: OTHER, protocol: 'udp', external }))).toBe('done');
  expect(await codeOf(service.publish(manager, { ...web, external: 22_222 }))).toBe('PORT_TAKEN');
  expect(await codeOf(service.publish(manager, { ...web, external: 80 }))).toBe('PORT_OUT_OF_RANGE');
  expect(await codeOf(service.publish(manager, { ...web, sources: ['nonsense'] }))).toBe('INVALID_INPUT');
  expect(await codeOf(service.publish(manager, { ...web, slice: `${SLICE}x` }))).toBe('NO_LEASE');
  expect(await codeOf(service.publish({ ...manager, jkt: 'x'.repeat(43) }, web))).toBe('NOT_ALLOWED');
  const both = await Promise.all(
    [SLICE, OTHER].map((slice) => codeOf(service.publish(manager, { ...web, slice, internal: 81, external: 40_000 }))),
  );
  expect(both.sort()).toEqual(['PORT_TAKEN', 'done']);
  for (let i = 0; i < 40; i++) await codeOf(service.publish(manager, { ...web, internal: 1000 + i }));
  expect((await service.ports(manager, { slice: SLICE })).ports).toHaveLength(32);
  const left = await service.unpublish(manager, { slice: SLICE, protocol: 'tcp', external });
  expect(left.ports).toHaveLength(31);
});

test('a simulated node says that it has no network', async () => {
  const { service } = await start();
  await service.redeem(manager, { ticket: ticket() });
  expect(await codeOf(service.publish(manager, web))).toBe('NO_NETWORK');
});
