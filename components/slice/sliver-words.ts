import type { RefusalFacts } from '@/core/errors';
import { sentence } from '@/core/refusal-sentence';
import type { SliverRow } from '@/protocol/api/slice';

/** The reason with hostnames where it names nodes by URN: in a slice, the last part of a URN may stand for several nodes. */
function withHostnames(facts: RefusalFacts, rows: readonly SliverRow[]): RefusalFacts {
  const name = (value: RefusalFacts[string]) => rows.find((r) => r.node.urn === value)?.node.hostname ?? value;
  return Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, name(value)]));
}

/** What a person should know of a sliver beyond its state: who took its place or whom it stands in for, and why. */
export function sliverWords(row: SliverRow, rows: readonly SliverRow[]): string {
  const words: string[] = [];
  const substitute = rows.find((r) => r.substituteForId === row.id);
  if (substitute && row.reason?.code !== 'SUBSTITUTED') words.push(`${substitute.node.hostname} took its place.`);
  if (row.substituteForId) {
    const failed = rows.find((r) => r.id === row.substituteForId);
    words.push(`Stands in for ${failed?.node.hostname ?? 'a node that failed'}.`);
  }
  const from = row.movedFromId === null ? undefined : rows.find((r) => r.id === row.movedFromId);
  if (from) words.push(`${from.move?.state === 'open' ? 'Takes over' : 'Took over'} from ${from.node.hostname}.`);
  if (row.move?.state === 'open' && row.goneAt === null)
    words.push(row.move.to ? `Moves to ${row.move.to}: it stays until that one runs.` : 'Waits for its turn to move.');
  if (row.move?.state === 'failed' && row.givenUpAt === null && row.goneAt === null) {
    const why = row.move.reason
      ? ` ${sentence({ ...row.move.reason, facts: withHostnames(row.move.reason.facts, rows) })}`
      : '';
    words.push(`It could not be moved, so it stayed.${why}`);
  }
  if (row.givenUpAt !== null && row.goneAt === null && row.reason === null) {
    const to = rows.find((r) => r.movedFromId === row.id);
    words.push(to ? `Moved to ${to.node.hostname}; it leaves.` : 'Given up: it leaves.');
  }
  if (row.reason) words.push(sentence({ code: row.reason.code, facts: withHostnames(row.reason.facts, rows) }));
  // It counts failed tries of the step in hand, and only while another follows.
  if (row.attempts > 0) words.push(`Try ${row.attempts + 1} follows.`);
  if (row.picked && words.length === 0) words.push('Picked, not chosen by the broker.');
  return words.join(' ');
}
