import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { conntrackLine } from './conntrack-line';
import { type Flow, flowOf } from './flow';
import { FlowRing } from './flow-ring';

const OUT =
  '[1795355840.330394]\t    [NEW] tcp      6 120 SYN_SENT src=10.16.40.3 dst=198.18.9.2 sport=50430 dport=80 [UNREPLIED] src=198.18.9.2 dst=192.0.2.2 sport=80 dport=31007 id=4041474031';
const IN =
  '[1795355841.000001]\t    [NEW] udp      17 30 src=2001:db8::9 dst=fd00::2 sport=7 dport=30000 [UNREPLIED] src=fd6d::2 dst=2001:db8::9 sport=53 dport=7 id=12';
const PING =
  'icmp     1 28 src=10.16.40.3 dst=198.18.9.2 type=8 code=0 id=30997 src=198.18.9.2 dst=192.0.2.2 type=0 code=0 id=30997 mark=0 use=1 id=2106880605';
const owner = { id: 'lease1', slice: 'urn:slice', user: 'urn:ada' };
const ours = (address: string) => (address === '10.16.40.3' || address === 'fd6d::2' ? owner : undefined);

test('reads what conntrack says, and whose it is', () => {
  const out = conntrackLine(OUT);
  expect(out).toMatchObject({ event: 'new', at: 1_795_355_840_330, id: '4041474031', protocol: 'tcp' });
  expect(out && flowOf(out, 1, ours)).toEqual({
    id: '4041474031',
    at: 1,
    endedAt: null,
    protocol: 'tcp',
    direction: 'out',
    inside: { address: '10.16.40.3', port: 50_430 },
    outside: { address: '192.0.2.2', port: 31_007 },
    peer: { address: '198.18.9.2', port: 80 },
    owner,
  });
  const inward = conntrackLine(IN);
  expect(inward && flowOf(inward, 1, ours)).toMatchObject({
    direction: 'in',
    inside: { address: 'fd6d::2', port: 53 },
    outside: { address: 'fd00::2', port: 30_000 },
    peer: { address: '2001:db8::9', port: 7 },
  });
  expect(conntrackLine(PING)).toMatchObject({ event: 'listed', at: null, id: '2106880605', protocol: 'icmp' });
  expect(out && flowOf(out, 1, () => undefined)).toBeNull();
  for (const line of ['', 'conntrack v1.4.7 (conntrack-tools): 2 flow entries have been shown.', 'tcp 6 src=1.2.3.4'])
    expect(conntrackLine(line)).toBeNull();
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flows-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const flow = (id: string, at: number, more: Partial<Flow> = {}): Flow => ({
  id,
  at,
  endedAt: null,
  protocol: 'tcp',
  direction: 'out',
  inside: { address: '10.0.0.2', port: 1000 },
  outside: { address: '192.0.2.2', port: 40_000 },
  peer: { address: '198.18.0.2', port: 80 },
  owner,
  ...more,
});
const DAY = 86_400_000;
const ring = (bytes = 1_000_000, ageMs = DAY) => new FlowRing(folder, { bytes, ageMs });

test('the same port used one after the other has one answer at each instant', async () => {
  const first = ring();
  const bob = { id: 'lease2', slice: 'urn:other', user: 'urn:bob' };
  first.began(flow('1', 1000));
  first.ended('1', 2000);
  first.began(flow('2', 2500, { owner: bob }));
  first.close();
  const again = ring(); // another process, other segments
  again.ended('2', 4000);
  again.began(flow('1', 5000)); // the kernel uses an id again
  const who = async (at: number) =>
    (await again.find({ from: at, to: at, outsidePort: 40_000, peer: '198.18.0.2' }, 10)).flows.map(
      (f) => f.owner.user,
    );
  expect(await who(1500)).toEqual(['urn:ada']);
  expect(await who(2250)).toEqual([]);
  expect(await who(3000)).toEqual(['urn:bob']);
  expect(await who(4500)).toEqual([]);
  expect(await who(9000)).toEqual(['urn:ada']);
  expect((await again.find({ from: 0, to: 9000, outsidePort: 1 }, 10)).flows).toEqual([]);
  expect(await again.find({ from: 0, to: 9000 }, 2)).toMatchObject({ truncated: true, since: 1000 });
  expect([...(await again.open()).ids]).toEqual(['1']);
  again.close();
});

test('is bounded in size and age, the oldest go first', async () => {
  const small = ring(100_000);
  for (let i = 0; i < 3000; i++) small.began(flow(String(i), i));
  const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  expect(bytes).toBeLessThan(105_000);
  expect(bytes).toBeGreaterThan(70_000);
  const { flows, since } = await small.find({ from: 0, to: 1e6 }, 5000);
  expect(flows[0]?.id).toBe('2999');
  expect(since).toBeGreaterThan(1000);
  small.close();
  const later = ring(100_000, 1000);
  later.began(flow('new', Date.now() + DAY));
  expect(readdirSync(folder)).toHaveLength(1);
  later.close();
});

test('a line that is torn or altered is left out, and nothing else', async () => {
  const one = ring();
  one.began(flow('1', 1000));
  one.began(flow('2', 1100));
  one.gap(1200, 1900);
  one.close();
  const [name = ''] = readdirSync(folder);
  const path = join(folder, name);
  writeFileSync(path, readFileSync(path, 'utf8').replace('["n",1000', '["n",1001'));
  appendFileSync(path, 'deadbeef ["n",7');
  const found = await ring().find({ from: 0, to: 5000 }, 10);
  expect(found.flows.map((f) => f.id)).toEqual(['2']);
  expect(found.gaps).toEqual([{ from: 1200, to: 1900 }]);
});
