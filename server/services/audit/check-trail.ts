import type { AuditCheck } from '@/protocol/api/audit';
import { ChainFollower, type ChainProblem, chainProblem } from '@/protocol/audit/chain';
import { type AuditSeal, openSeal } from '@/protocol/audit/seal';
import { countUnchained, findSeals, readChain } from '@/server/data/audit-trail';
import type { Tx } from '@/server/db';

const AT_ONCE = 2_000;
const SEALS_AT_ONCE = 1_000;

/**
 * Follows the whole chain, row by row, and each seal beside it: a row that was changed, removed or put in between is found, and an end
 * that was cut off behind the last seal. Rows written while it runs are followed too, up to where it got.
 */
export async function checkTrail(db: Tx): Promise<AuditCheck> {
  const started = performance.now();
  const follower = new ChainFollower();
  const seals = new Seals(db);
  let problem: ChainProblem | null = null;
  let seal: { of: AuditSeal; key: string } | null = null;
  for (let more = true; more && !problem; ) {
    const rows = await readChain(db, { after: follower.head?.seq ?? '0', limit: AT_ONCE });
    more = rows.length === AT_ONCE;
    for (const row of rows) {
      problem = row.id === null ? chainProblem('removed', row.seq, `row ${row.seq} is gone`) : follower.take(row);
      if (problem) break;
      const of = await seals.at(row.seq);
      if (!of) continue;
      const key = keyOf(of);
      if (key === null || (row.id !== null && of.hash !== row.hash)) {
        problem = chainProblem('changed', row.seq, `row ${row.seq} is not the one that was sealed`);
        break;
      }
      seal = { of, key };
    }
  }
  const beyond = problem ? null : await seals.last();
  if (beyond) problem = follower.reaches(beyond);
  return {
    rows: follower.rows,
    head: follower.rows > 0 ? follower.head : null,
    problem,
    unchained: await countUnchained(db),
    seal: seal && { seq: seal.of.seq, at: new Date(seal.of.at), key: seal.key },
    tookMs: Math.round(performance.now() - started),
  };
}

function keyOf(seal: AuditSeal): string | null {
  try {
    return openSeal(seal);
  } catch {
    return null;
  }
}

/** Seals in their order, read by the thousand as they are asked for. */
class Seals {
  private waiting: AuditSeal[] = [];
  private read = '0';
  private ended = false;

  constructor(private readonly db: Tx) {}

  /** The seal of this row, if there is one; rows are asked for in order. */
  async at(seq: string): Promise<AuditSeal | null> {
    await this.fill();
    while (this.waiting[0] && BigInt(this.waiting[0].seq) < BigInt(seq)) {
      this.waiting.shift();
      await this.fill();
    }
    return this.waiting[0]?.seq === seq ? this.waiting[0] : null;
  }

  /** The last one of those not asked for yet. */
  async last(): Promise<AuditSeal | null> {
    let last: AuditSeal | null = null;
    for (await this.fill(); this.waiting.length > 0; await this.fill()) {
      last = this.waiting.at(-1) ?? null;
      this.waiting = [];
    }
    return last;
  }

  private async fill(): Promise<void> {
    if (this.waiting.length > 0 || this.ended) return;
    this.waiting = await findSeals(this.db, { after: this.read, limit: SEALS_AT_ONCE });
    this.read = this.waiting.at(-1)?.seq ?? this.read;
    this.ended = this.waiting.length < SEALS_AT_ONCE;
  }
}
