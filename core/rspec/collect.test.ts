import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type RefusalCode, Refused } from '../errors';
import { Collector } from './collect';
import { RSPEC_LIMITS } from './limits';

const small = readFileSync(new URL('../../test/fixtures/small.rspec.xml', import.meta.url), 'utf8');
const big = new URL('../../../shared/data/planetlab-2013.rspec.xml', import.meta.url);
const now = Date.parse('2026-01-01T00:00:00Z');

function collect(text: string, chunk = 1 << 16, limits = {}) {
  const collector = new Collector(now, { ...RSPEC_LIMITS, ...limits });
  for (let at = 0; at < text.length; at += chunk) collector.write(text.slice(at, at + chunk));
  return collector.finish();
}

function refusal(act: () => unknown): { code: RefusalCode; facts: Refused['facts'] } | null {
  try {
    act();
  } catch (error) {
    if (error instanceof Refused) return error.reason;
    throw error;
  }
  return null;
}

const whole = (body: string) => `<RSpec type="SFA"><network name="x">${body}</network></RSpec>`;

describe('an advertisement', () => {
  const read = collect(small);
  const node = (name: string) => read.nodes.find((each) => each.urn.endsWith(name));

  test('gives its nodes by component_id: the same hostname in two networks is two nodes', () => {
    expect(read.read).toBe(11);
    expect(read.nodes).toHaveLength(7);
    expect(read.nodes.filter((each) => each.hostname === 'n1.fjord.example').map((each) => each.urn)).toEqual([
      'urn:publicid:IDN+north:fjord+node+n1.fjord.example',
      'urn:publicid:IDN+north:lab:fjord+node+n1.fjord.example',
    ]);
    expect(read.networks).toEqual([
      { name: 'north', nodes: 5, sites: 2 },
      { name: 'north.mesh', nodes: 0, sites: 0 },
      { name: 'north.lab', nodes: 2, sites: 2 },
    ]);
  });

  test('is the same whatever the chunks it comes in', () => {
    expect(collect(small, 1)).toEqual(read);
    expect(collect(small, 7)).toEqual(read);
  });

  test('takes countries from the coordinates, and from the text only where there are none', () => {
    expect(node('fjord+node+n2.fjord.example')?.country).toBe('NO'); // its text says Sweden
    expect(node('lab:fjord+node+n1.fjord.example')?.country).toBe('HK');
    expect(node('n1.dune.example')).toMatchObject({ country: 'CZ', latitude: null, longitude: null });
    expect(node('n2.dune.example')?.country).toBeNull(); // "n/a" is not Namibia
  });

  test('maps the boot states', () => {
    expect(read.nodes.map((each) => each.bootState)).toEqual([
      'boot',
      'install',
      'debug',
      'disabled',
      'registered',
      'boot',
      'boot',
    ]);
  });

  test('keeps what has no column as attributes, and what says nothing not at all', () => {
    expect(node('north:fjord+node+n1.fjord.example')?.attributes).toEqual({
      arch: 'x86_64',
      asnumber: '64496',
      exclusive: 'FALSE',
      hrn: 'north.fjord.n1\\.fjord\\.example & co',
    });
    expect(node('n1.vale.example')?.attributes).toEqual({ constructor: 'not a method' });
    expect(node('north:fjord+node+n1.fjord.example')?.interfaces).toEqual([
      { name: 'eth0', ipv4: '192.0.2.1', ipv6: null },
      { name: 'eth1', ipv4: '192.0.2.2', ipv6: '2001:db8::2' },
    ]);
  });

  test('carries a failed aggregate into the report', () => {
    expect(read.failures).toEqual([{ aggregate: 'away', problem: '[Errno 111] Connection refused' }]);
  });

  test('says per field what it could not use', () => {
    const said = Object.fromEntries(
      read.unused.map((each) => [`${each.field}: ${each.why.split(/[:,]/)[0]}`, each.count]),
    );
    expect(said).toMatchObject({
      'location@country: says “unknown”': 6,
      'node@component_id: the node has none': 2,
      'node@component_id: not the URN of a node': 1,
      'node@component_id: stands on more than one node': 1,
      'node@site_id: missing': 1,
      'node@boot_state: not a boot state that is known': 1,
      'location: at sea': 1,
      'location: outside ±90° of latitude or ±180° of longitude': 1,
      'location: missing': 2,
      'country: names another country than the coordinates': 1,
      'country: names no country that is known': 1,
      'interface@ipv4: not an address': 1,
      'interface: repeats the name of another of the same node': 1,
      'load: says “n/a”': 1,
      'city: says “None”': 1,
      'link: links between sites are not imported': 1,
      'RSpec@expires: the advertisement had expired': 1,
    });
  });
});

describe('what is not an advertisement is refused, with the line', () => {
  test.each([
    ['an empty file', '', /root element/],
    ['a page', '<html><body/></html>', /root element is <html>/],
    ['not XML', '{"nodes": []}', /./],
    ['a request', '<RSpec type="request"/>', /it is a request/],
    ['a cut-off file', small.slice(0, 3000), /unclosed|end/i],
    ['crossed tags', whole('<node></network>'), /./],
    ['a document type with entities', '<!DOCTYPE a [<!ENTITY b "c">]><RSpec/>', /document type/],
    ['an entity of its own', whole('<node component_id="x">&boom;</node>'), /entity/],
    ['another encoding', '<?xml version="1.0" encoding="UTF-16"?><RSpec/>', /UTF-16/],
    ['two roots', '<RSpec/><RSpec/>', /./],
  ])('%s', (_, text, problem) => {
    const reason = refusal(() => collect(text));
    expect(reason?.code).toBe('RSPEC_MALFORMED');
    expect(reason?.facts.line).toEqual(expect.any(Number));
    expect(reason?.facts.problem).toMatch(problem);
  });

  test('and so is one that goes past a bound', () => {
    const deep = '<a>'.repeat(40) + '</a>'.repeat(40);
    const field = (text: string, limits = {}) => refusal(() => collect(text, 1 << 16, limits))?.facts.field;
    expect(field(whole(deep))).toBe('depth of elements');
    expect(field(whole('<node/><node/><node/>'), { nodes: 2 })).toBe('nodes');
    expect(field(whole(`<node>${'<a/>'.repeat(2001)}</node>`))).toBe('elements of a node');
    expect(field(whole(`<node><a>${'x'.repeat(70_000)}</a></node>`))).toBe('text of an element');
    expect(field(whole(`<node component_id="${'x'.repeat(70_000)}"/>`))).toBe('attribute component_id');
    expect(field(whole(`<node ${Array.from({ length: 70 }, (_, i) => `a${i}=""`).join(' ')}/>`))).toBe(
      'attributes of an element',
    );
  });
});

describe.skipIf(!existsSync(big))('the PlanetLab federation of 2013 (skipped where ../shared/data is missing)', () => {
  test('has 1,448 nodes in four networks, 1,194 of them in boot state boot', () => {
    const read = collect(readFileSync(big, 'utf8'));
    expect(read.nodes).toHaveLength(1448);
    expect(read.networks).toEqual([
      { name: 'ple', nodes: 332, sites: 142 },
      { name: 'plc.gpeni', nodes: 0, sites: 0 },
      { name: 'plc', nodes: 712, sites: 278 },
      { name: 'plc.vicci', nodes: 377, sites: 17 },
      { name: 'plc.vini', nodes: 27, sites: 14 },
    ]);
    expect(read.nodes.filter((node) => node.bootState === 'boot')).toHaveLength(1194);
    expect(read.failures).toEqual([{ aggregate: 'elc', problem: '[Errno 111] Connection refused' }]);
    const count = (field: string, why: RegExp) =>
      read.unused.find((each) => each.field === field && why.test(each.why))?.count;
    expect(count('node@component_id', /has none/)).toBe(38);
    expect(count('location', /missing/)).toBe(7);
    expect(count('location', /at sea/)).toBe(6); // 1.0, 1.0 is a placeholder in the Gulf of Guinea
    expect(count('location@country', /unknown/)).toBe(1441);
    expect(count('link', /./)).toBe(20);
    const hostnames = read.nodes.map((node) => node.hostname);
    expect(hostnames.length - new Set(hostnames).size).toBe(18);
    expect(read.nodes.filter((node) => node.country === null)).toHaveLength(13);
  });
});
