import { sentence } from '@/core/refusal-sentence';
import { json, plain } from '../print';
import type { Io } from '../run';
import type { Outcome } from './manager';

const EX_TEMPFAIL = 75;

/** One line a node: `Success`, or why not. The exit code: 0, or 75 when something is left to be tried again. */
export function printOutcomes(io: Io, asJson: boolean, outcomes: readonly Outcome[], more: object = {}): number {
  const left = outcomes.filter((one) => !one.ok).length;
  if (asJson) io.out(`${json({ ...more, results: outcomes, left })}\n`);
  else {
    for (const { node, ok, detail, reason } of outcomes) {
      const words = ok
        ? `Success${detail ? ` (${detail})` : ''}`
        : `Error: ${reason ? sentence(reason, Date.now()) : 'unknown'}`;
      io.out(`${plain(node)}  ${plain(words)}\n`);
    }
    if (left > 0) io.err(`${left} of ${outcomes.length} are left. Run the same again to try those.\n`);
    else if (outcomes.length === 0) io.out('Nothing was left to do.\n');
  }
  return left > 0 ? EX_TEMPFAIL : 0;
}
