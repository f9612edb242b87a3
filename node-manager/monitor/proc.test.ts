import { expect, test } from 'vitest';
import { cpuTimes, defaultInterfaces, loadMilli, memory, traffic, uptimeSeconds } from './proc';

test('reads what the kernel writes', () => {
  const stat =
    'cpu  100 2 30 4000 50 6 7 8 0 0\ncpu0 50 1 15 2000 25 3 3 4 0 0\ncpu1 50 1 15 2000 25 3 4 4 0 0\nintr 1\n';
  expect(cpuTimes(stat)).toMatchObject({ cores: 2, busyMs: 1530, modesMs: { user: 1000, idle: 40_000, steal: 80 } });
  expect(loadMilli('0.52 1.02 12.30 2/345 678\n')).toEqual([520, 1020, 12_300]);
  expect(memory('MemTotal:       24000 kB\nMemFree:  10 kB\nMemAvailable:   20000 kB\n')).toEqual({
    totalBytes: 24_576_000,
    availableBytes: 20_480_000,
  });
  expect(uptimeSeconds('12345.67 100.00\n')).toBe(12_345);
});

test('counts only what leaves by a default route', () => {
  const dev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0
  eth0:1000 2 0 0 0 0 0 0 2000 3 0 0 0 0 0 0
`;
  expect(traffic(dev).get('eth0')).toEqual({ bytesIn: 1000, bytesOut: 2000 });
  const route = `Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT
eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0
br0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
`;
  const zero = '0'.repeat(32);
  const ipv6 = `${zero} 00 ${zero} 00 ${'f'.repeat(32)} 00000400 00000001 00000000 00000003 eth1\n${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200       lo\n`;
  expect([...defaultInterfaces(route, ipv6)]).toEqual(['eth0', 'eth1']);
});
