import { expect, test } from 'vitest';
import { type DocumentNode, fleetXml } from './fleet-document';
import type { RawNode } from './raw-node';
import { AdvertisementReader } from './read-advertisement';
import { toNode } from './to-node';
import { UnusedFields } from './unused';

const node = (n: number, more: Partial<DocumentNode> = {}): DocumentNode => ({
  urn: `urn:publicid:IDN+meridian:oslo+node+n${n}.oslo.example`,
  hostname: `n${n}.oslo.example`,
  site: 'oslo',
  siteUrn: 'urn:publicid:IDN+meridian:oslo+authority+sa',
  country: 'NO',
  city: 'Oslo',
  latitude: 59.9399,
  longitude: 10.7217,
  bootState: 'boot',
  adminSwitch: 'open',
  reachability: 'online',
  since: '2026-03-01T12:00:00.000Z',
  simulated: false,
  capacity: { cpuMilli: 4000, memoryMiB: 8192, diskMiB: 100_000, networkKbps: 100_000 },
  free: { cpuMilli: 1000, memoryMiB: 512, diskMiB: 4096, networkKbps: 1000 },
  images: ['base', 'tiny'],
  delegations: [{ agent: 'urn:publicid:IDN+meridian+authority+am', until: '2026-04-01T12:00:00.000Z' }],
  ...more,
});
/** To look for the country of a place takes longer than all else. */
const NOWHERE = { latitude: null, longitude: null };
const document = (nodes: DocumentNode[]) => ({
  version: 1 as const,
  authority: 'meridian',
  generated: '2026-03-01T12:00:00.000Z',
  nodes,
});

function read(xml: string) {
  const raw: RawNode[] = [];
  const ignore = () => {};
  const reader = new AdvertisementReader({
    onRoot: ignore,
    onNetwork: ignore,
    onFailure: ignore,
    onSkipped: ignore,
    onNode: (one) => raw.push(one),
  });
  reader.write(xml);
  reader.close();
  const unused = new UnusedFields();
  return { nodes: raw.map((one) => toNode(one, unused)), unused: unused.list() };
}

test('our own importer reads the fleet’s XML back, and finds nothing in it to complain of', () => {
  const { nodes, unused } = read(fleetXml(document([node(1), node(2, { bootState: 'debug', city: null })])));
  expect(nodes).toMatchObject([
    {
      urn: node(1).urn,
      hostname: 'n1.oslo.example',
      siteUrn: node(1).siteUrn,
      country: 'NO',
      city: 'Oslo',
      latitude: 59.9399,
      longitude: 10.7217,
      bootState: 'boot',
    },
    { urn: node(2).urn, bootState: 'debug', city: null },
  ]);
  expect(unused.filter((one) => one.field !== 'location@country')).toEqual([]);
});

test('whatever people call their cities, it is XML that says the same', () => {
  const odd = [
    '&<>"\'',
    '\u0000\u0008\u001f',
    '\ufffe\uffff',
    '\ud800',
    ']]>',
    '<!--',
    '\r\n\t',
    '\u{1f600}',
    '&#0;',
    '\u0085',
  ];
  for (const city of [...odd, odd.join('')]) {
    const xml = fleetXml(document([node(1, { ...NOWHERE, city: `x${city}x` })]));
    expect(read(xml).nodes[0]?.urn).toBe(node(1).urn);
  }
  const evil = node(1, { city: '</city><node component_id="urn:evil"/><city>' });
  expect(read(fleetXml(document([evil]))).nodes).toHaveLength(1);
});

test('a fleet of 1,448 nodes is written in a moment', () => {
  const nodes = Array.from({ length: 1448 }, (_, n) => node(n, NOWHERE));
  const began = process.cpuUsage(); // other work on this machine is not the document's
  const xml = fleetXml(document(nodes));
  expect(process.cpuUsage(began).user / 1000).toBeLessThan(200);
  expect(read(xml).nodes).toHaveLength(1448);
});
