import { afterAll, expect, test } from 'vitest';
import { eventWords } from '@/components/slice/event-words';
import { Refused } from '@/core/errors';
import { openDb } from '@/server/db';
import { seedPerson, seedSite } from '@/test/people';
import { testDatabase } from '@/test/postgres';
import { auditedCall } from './audited-call';

const database = await testDatabase();
const db = openDb(database.url, 4);
afterAll(() => db.$disconnect());

const now = new Date('2027-01-10T12:00:00Z');

test('what a node refused stands in the log as asked for and not done, never as done', async () => {
  const site = await seedSite(db, 'lab');
  const person = await seedPerson(db, { roles: [[site.id, 'researcher']] });
  const slice = { name: 'lab_asks', siteId: site.id };
  const asked = { action: 'slice.port.publish', slice, facts: { node: 'urn:x+node+n1', port: '80/tcp' }, now };
  const events = async () => {
    const rows = await db.auditEvent.findMany({ where: { objectId: 'lab_asks' }, orderBy: { id: 'asc' } });
    return rows.map(({ action, facts }) => eventWords(action, facts as Record<string, unknown>)); // it was written as one
  };
  const no = new Refused('NO_LEASE', { slice: 'lab_asks', node: 'n1' });
  await expect(auditedCall(db, person, asked, () => Promise.reject(no))).rejects.toBe(no);
  expect(await events()).toEqual([
    'Publishing port 80/tcp asked for on n1',
    expect.stringMatching(/^Not done: .*n1.*\.$/),
  ]);
  expect(await auditedCall(db, person, asked, () => Promise.resolve('done'))).toBe('done');
  expect(await events()).toHaveLength(3);
});
