import { expect, test } from 'vitest';
import { ChainBooks } from '@/core/admission/chain-books';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { addPart, emptyNode, LeaseRecord, NodeEvent } from './node-state';

const AGENT = 'a'.repeat(43);
const rights = { cpuMilli: 1000, memoryMiB: 1000, diskMiB: 1000, networkKbps: 1000 };
/** As it was written before there were lines: every chain was a root of the node to its agent. */
const older = {
  jti: 'lease-1', slice: 'urn:slice', sliver: 'urn:sliver', holder: 'h', sub: 'urn:user', resources: DEFAULT_RESOURCES,
  start: 0, end: 100, graceSeconds: 0, ticket: { iss: AGENT, jti: 'ticket-1' }, ticketHash: 'x', text: 'a.b.c',
  links: [{ iss: 'node', jti: 'root-1', rights, degreeMilli: 1000 }],
}; // biome-ignore format: a record

test('a lease of before there were lines is read, and charged to the line of the node’s next root to that agent', () => {
  const links = [{ ...older.links[0], granteeJkt: AGENT, line: AGENT }];
  const event = NodeEvent.parse({ t: 'leased', at: 0, lease: older });
  expect(event.t === 'leased' && event.lease.links).toEqual(links);
  const state = emptyNode();
  addPart(state, { leases: [['lease-1', older]], spent: [], keys: [] });
  expect(state.leases.get('lease-1')?.links).toEqual(links);

  const lease = LeaseRecord.parse(older);
  const books = new ChainBooks();
  const claim = { start: 0, end: 100, amounts: rights };
  books.charge(lease.jti, lease.links, claim);
  const renewedRoot = { iss: 'node', jti: 'root-2', granteeJkt: AGENT, line: AGENT, rights, degreeMilli: 1000 };
  expect(books.admit([renewedRoot], claim)).toMatchObject({ ok: false, link: renewedRoot });
  expect(LeaseRecord.parse(JSON.parse(JSON.stringify(lease)))).toEqual(lease);
});
