import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseSubnet, ip4, ip4Range, ip4Text, MAX_SLOTS, sliverAddresses } from './addresses';
import { routedRanges } from './host-view';
import { networkNames, vethName } from './names';

const TAG = '4694914a';

test('a subnet is chosen that touches nothing taken; the one before where it is still free', () => {
  const range = fc.record({ at: fc.nat(2 ** 24 - 1), bits: fc.integer({ min: 12, max: 32 }) });
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), (some) => {
      const taken = some.flatMap(({ at, bits }) => ip4Range(`${ip4Text(0x0a000000 + at)}/${bits}`) ?? []);
      const base = ip4(chooseSubnet(TAG, taken, null) ?? '') ?? 0;
      expect(base).toBeGreaterThanOrEqual(0x0a000000);
      expect(base + 1023).toBeLessThan(0x0b000000);
      expect(taken.some(({ first, last }) => first <= base + 1023 && last >= base)).toBe(false);
      expect(chooseSubnet(TAG, taken, ip4Text(base))).toBe(ip4Text(base));
    }),
  );
  expect(chooseSubnet(TAG, [{ first: 0x0a000000, last: 0x0affffff }], null)).toBeNull();
});

test('every slot has addresses of its own, inside the subnet, the same each time', () => {
  const subnets = { base4: '10.1.4.0', base6: 'fd6d:4694:914a:0' };
  const all = Array.from({ length: MAX_SLOTS }, (_, slot) => sliverAddresses(TAG, subnets, slot));
  for (const name of ['ipv4', 'ipv6', 'mac', 'linkLocal'] as const)
    expect(new Set(all.map((one) => one[name])).size).toBe(MAX_SLOTS);
  expect(all[0]).toEqual({
    ipv4: '10.1.4.2',
    ipv6: 'fd6d:4694:914a::2',
    mac: '02:46:94:91:00:02',
    linkLocal: 'fe80::46:94ff:fe91:2',
  });
  expect(all.at(-1)?.ipv4).toBe('10.1.7.254');
  expect(vethName(networkNames(TAG), MAX_SLOTS).length).toBeLessThanOrEqual(15);
});

test("reads the host's routes, without the default one and those of its own bridge", () => {
  const routes = `default via 192.0.2.1 dev eth0
10.1.4.0/22 dev mb4694914a proto kernel scope link src 10.1.4.1
10.8.0.0/16 via 192.0.2.9 dev eth0
local 10.1.4.1 dev mb4694914a table local proto kernel scope host src 10.1.4.1
unreachable 10.99.0.0/24 metric 5
192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.2`;
  expect(routedRanges(routes, 'mb4694914a').map(({ first }) => ip4Text(first))).toEqual([
    '10.8.0.0',
    '10.99.0.0',
    '192.0.2.0',
  ]);
});
