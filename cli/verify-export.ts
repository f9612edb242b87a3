import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Refused } from '@/core/errors';
import { ChainedRow, ChainFollower, type ChainHead, type ChainProblem, chainProblem } from '@/protocol/audit/chain';

const MAX_LINE = 1_000_000;

export type VerifiedExport = {
  rows: number;
  /** Every row follows the one before it: nothing is missing between the first and the last. */
  whole: boolean;
  first: string | null;
  head: ChainHead | null;
  problem: (ChainProblem & { line: number }) | null;
};

/** Checks each line of an export by itself, and how they follow each other. Lines that are not rows are refused. @throws Refused INVALID_INPUT */
export async function verifyFile(file: string, noted: ChainHead | null): Promise<VerifiedExport> {
  const found: VerifiedExport = { rows: 0, whole: true, first: null, head: null, problem: null };
  let follower = new ChainFollower(null);
  let heldNoted = false;
  const input: Readable = file === '-' ? process.stdin : createReadStream(file);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const unreadable = new Promise<never>((_, reject) => {
    input.once('error', (cause) =>
      reject(new Refused('INVALID_INPUT', { field: file, problem: 'it cannot be read' }, { cause })),
    );
  });
  const read = async () => {
    let line = 0;
    for await (const text of lines) {
      line += 1;
      const row = rowOf(text, line);
      found.first ??= row.seq;
      if (found.head && BigInt(row.seq) !== BigInt(found.head.seq) + 1n) {
        // What a filter left out is no damage; what follows joins on by itself.
        if (BigInt(row.seq) <= BigInt(found.head.seq))
          return { ...chainProblem('inserted', row.seq, `row ${row.seq} comes after row ${found.head.seq}`), line };
        found.whole = false;
        follower = new ChainFollower(null);
      }
      const problem = follower.take(row);
      if (problem) return { ...problem, line };
      heldNoted ||= noted?.seq === row.seq && noted.hash === row.hash;
      found.rows += 1;
      found.head = { seq: row.seq, hash: row.hash };
    }
    return null;
  };
  try {
    found.problem = await Promise.race([read(), unreadable]);
  } finally {
    lines.close();
  }
  if (!found.problem && noted && !heldNoted)
    found.problem = {
      ...chainProblem('cut-off', noted.seq, `row ${noted.seq} as it was noted is not in it`),
      line: found.rows,
    };
  return found;
}

function rowOf(text: string, line: number): ChainedRow {
  const refuse = (problem: string) => new Refused('INVALID_INPUT', { field: `line ${line}`, problem });
  if (text.length > MAX_LINE) throw refuse('it is too long to be a row');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse('it is not JSON');
  }
  const row = ChainedRow.safeParse(value);
  if (row.success) return row.data;
  const issue = row.error.issues[0];
  throw refuse(`it is no row of an export: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}
