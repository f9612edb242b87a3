import { createHash } from 'node:crypto';
import { z } from 'zod';
import { auditText } from '@/core/audit/text';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const decimal = z.string().regex(/^[1-9]\d{0,18}$/);

/** What stands before the first row. */
export const NOTHING_BEFORE = '0'.repeat(64);

/** A row of the audit trail with its place in the chain: a line of an export as JSON lines. Hashes: SHA-256 in hex. */
export const ChainedRow = z.object({
  seq: decimal,
  id: decimal,
  at: z.iso.datetime({ precision: 3 }),
  actorId: z.string().max(200).nullable(),
  actor: z.string().max(1000),
  action: z.string().max(200),
  objectKind: z.string().max(200),
  objectId: z.string().max(1000),
  siteId: z.string().max(64).nullable(),
  facts: z.json(),
  prev: hash,
  hash,
});
export type ChainedRow = z.infer<typeof ChainedRow>;

/** How far the chain is: the last row's place and hash. */
export type ChainHead = { seq: string; hash: string };

/** What is wrong with a trail, at which row. */
export type ChainProblem = {
  kind: 'changed' | 'removed' | 'inserted' | 'cut-off';
  seq: string;
  /** In words, for a person. */
  says: string;
};

/** Is the row as it was written? It says itself what stood before it, so that it can be judged alone. */
export function isAsWritten(row: ChainedRow): boolean {
  const text = Buffer.from(auditText(row), 'utf8');
  return createHash('sha256').update(Buffer.from(row.prev, 'hex')).update(text).digest('hex') === row.hash;
}

/** Follows the chain row by row, in the order of `seq`; the first problem ends it. Rows may begin anywhere: then with what the first one says was before. */
export class ChainFollower {
  private last: ChainHead | null;
  rows = 0;

  /** @param after Where the rows must join on; null: at the first that comes. */
  constructor(after: ChainHead | null = { seq: '0', hash: NOTHING_BEFORE }) {
    this.last = after;
  }

  get head(): ChainHead | null {
    return this.last;
  }

  /** Takes the next row; says what is wrong with it, or null. */
  take(row: ChainedRow): ChainProblem | null {
    const seq = BigInt(row.seq);
    if (this.last) {
      const next = BigInt(this.last.seq) + 1n;
      if (seq > next) return removed(next, seq);
      if (seq < next) return chainProblem('inserted', row.seq, `row ${row.seq} stands where row ${next} belongs`);
    }
    if (!isAsWritten(row)) return chainProblem('changed', row.seq, `row ${row.seq} is not as it was written`);
    if (this.last && row.prev !== this.last.hash)
      return chainProblem(
        'changed',
        row.seq,
        `row ${row.seq} follows another row than the one that stands before it now`,
      );
    this.last = { seq: row.seq, hash: row.hash };
    this.rows += 1;
    return null;
  }

  /** No more rows: does the trail reach what somebody noted, or signed, before? */
  reaches(noted: ChainHead): ChainProblem | null {
    const have = BigInt(this.last?.seq ?? 0);
    if (have >= BigInt(noted.seq)) return null;
    return chainProblem('cut-off', String(have + 1n), `rows ${have + 1n} to ${noted.seq} were there and are gone`);
  }
}

function removed(from: bigint, upTo: bigint): ChainProblem {
  const rows = upTo - from === 1n ? `row ${from} is gone` : `rows ${from} to ${upTo - 1n} are gone`;
  return chainProblem('removed', String(from), rows);
}

/** What is wrong, at which row, in words that go on after a name or stand alone. */
export function chainProblem(kind: ChainProblem['kind'], seq: string, says: string): ChainProblem {
  return { kind, seq, says };
}
