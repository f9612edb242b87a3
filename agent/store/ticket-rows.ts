import type { HardAmounts } from '@/core/resources/vector';

/** `replaces`: the id of the ticket that this one renews. */
export type NewTicket = { nodeId: string; jti: string; text: string; nbf: number; exp: number; replaces?: string };
export type TicketTerms = {
  iss: string;
  sliceUrn: string;
  amounts: HardAmounts;
  start: number;
  end: number;
  graceSeconds: number;
};

/** Takes what `ticketRows` gives. Slice and sliver are the deployment's to fill in when it binds the ticket. */
export const COPY_TICKETS = `COPY "Ticket" (iss, "agentId", "sliceUrn", "cpuMilli", "memoryMiB", "diskMiB", "networkKbps", "startsAt", "endsAt", "graceSeconds",
  "nodeId", "notBefore", "notAfter", jti, text, replaces) FROM STDIN BINARY`;
const FIELDS = 16;

/** Signature, flags and header extension: https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-BINARY-FORMAT */
const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
/** Seconds from the Unix epoch to Postgres's, 2000-01-01. */
const POSTGRES_EPOCH = 946_684_800;
/** Of a row, beside what all rows share and the two texts: the number of fields, a UUID, two times, three lengths. */
const ROW_BYTES = 2 + (4 + 16) + 2 * (4 + 8) + 3 * 4;

/**
 * Tickets as rows of COPY's binary format, in one buffer: nothing is escaped here and parsed there, which for texts of 2 KB is
 * what storing costs. Statements and their ids are ASCII, so that their length is their bytes. Times: epoch seconds.
 */
export function ticketRows(agentId: string, terms: TicketTerms, tickets: readonly NewTicket[]): Buffer {
  const shared = sharedFields(agentId, terms);
  const texts = tickets.reduce(
    (sum, { jti, text, replaces = '' }) => sum + jti.length + text.length + replaces.length,
    0,
  );
  const rows = Buffer.allocUnsafe(HEADER.length + tickets.length * (ROW_BYTES + shared.length) + texts + 2);
  let at = HEADER.copy(rows);
  for (const { nodeId, jti, text, nbf, exp, replaces } of tickets) {
    at = rows.writeInt16BE(FIELDS, at);
    at += shared.copy(rows, at);
    at = rows.writeInt32BE(16, at);
    at += rows.write(nodeId.replaceAll('-', ''), at, 'hex');
    at = writeTime(rows, nbf, at);
    at = writeTime(rows, exp, at);
    at = writeAscii(rows, jti, at);
    at = writeAscii(rows, text, at);
    at = replaces === undefined ? rows.writeInt32BE(-1, at) : writeAscii(rows, replaces, at);
  }
  rows.writeInt16BE(-1, at);
  return rows;
}

function sharedFields(agentId: string, { iss, sliceUrn, amounts, start, end, graceSeconds }: TicketTerms): Buffer {
  const fields = [Buffer.from(iss), Buffer.from(agentId.replaceAll('-', ''), 'hex'), Buffer.from(sliceUrn)];
  const { cpuMilli, memoryMiB, diskMiB, networkKbps } = amounts;
  const numbers = Buffer.alloc(5 * (4 + 4) + 2 * (4 + 8));
  let at = 0;
  for (const amount of [cpuMilli, memoryMiB, diskMiB, networkKbps]) {
    at = numbers.writeInt32BE(4, at);
    at = numbers.writeInt32BE(amount, at);
  }
  for (const time of [start, end]) at = writeTime(numbers, time, at);
  numbers.writeInt32BE(graceSeconds, numbers.writeInt32BE(4, at));
  return Buffer.concat([...fields.flatMap((field) => [int32(field.length), field]), numbers]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** A timestamptz: microseconds since 2000. */
function writeTime(into: Buffer, seconds: number, at: number): number {
  return into.writeBigInt64BE(BigInt(seconds - POSTGRES_EPOCH) * 1_000_000n, into.writeInt32BE(8, at));
}

function writeAscii(into: Buffer, text: string, at: number): number {
  const from = into.writeInt32BE(text.length, at);
  return from + into.write(text, from, 'latin1');
}
