import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { testDatabase } from '@/test/postgres';
import { inTransaction, openPool } from './database';
import type { NewTicket, TicketTerms } from './ticket-rows';
import { insertTickets } from './tickets';

const database = await testDatabase();
const pool = openPool(database.url, 1); // one connection: the next query meets it as the last one left it
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const agentId = randomUUID();
const terms: TicketTerms = {
  iss: 'i'.repeat(43),
  sliceUrn: 'urn:publicid:IDN+meridian+slice+zoë',
  amounts: { cpuMilli: 1, memoryMiB: 16_777_216, diskMiB: 3, networkKbps: 400_000_000 },
  start: 1_790_000_000,
  end: 4_102_444_800,
  graceSeconds: 86_400,
};
const ticket = (bytes = 1500): NewTicket => ({
  nodeId: randomUUID(),
  jti: randomBytes(18).toString('base64url'),
  text: randomBytes(bytes).toString('base64url'),
  nbf: 946_684_799, // a second before Postgres's own epoch
  exp: 1_790_003_600,
});
const insert = (tickets: NewTicket[]) => inTransaction(pool, (tx) => insertTickets(tx, agentId, terms, tickets));

test('what COPY stored is what was given, also a text of the largest size', async () => {
  const tickets = [ticket(), ticket(24_500), ticket(1)];
  await insert(tickets);
  const { rows } = await pool.query(
    `SELECT iss, jti, "agentId", "nodeId", "sliceUrn", "sliceId", "sliverId", state::text, text, "cpuMilli", "memoryMiB", "diskMiB",
       "networkKbps", date_part('epoch', "startsAt") AS start, date_part('epoch', "endsAt") AS end, "graceSeconds",
       date_part('epoch', "notBefore") AS nbf, date_part('epoch', "notAfter") AS exp, now() - "createdAt" < '1 minute' AS now
     FROM "Ticket" WHERE jti = ANY($1)`,
    [tickets.map((one) => one.jti)],
  );
  const { amounts, ...shared } = terms;
  const stored = { agentId, sliceId: null, sliverId: null, state: 'issued', now: true };
  expect(new Map(rows.map((row) => [row.jti, row]))).toEqual(
    new Map(tickets.map((one) => [one.jti, { ...shared, ...amounts, ...one, ...stored }])),
  );
});

test('a ticket stored twice fails all of them, and leaves the connection whole', async () => {
  const [first, second] = [ticket(), ticket()];
  await insert([first]);
  await expect(insert([second, ...Array.from({ length: 500 }, () => ticket()), first])).rejects.toMatchObject({
    code: '23505',
  });
  const { rows } = await pool.query(`SELECT count(*)::int AS n FROM "Ticket" WHERE jti = $1`, [second.jti]);
  expect(rows).toEqual([{ n: 0 }]);
});
