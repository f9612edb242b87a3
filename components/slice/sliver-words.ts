import { sentence } from '@/core/refusal-sentence';
import type { SliverRow } from '@/protocol/api/slice';

/** What a person should know of a sliver beyond its state: why, whom it stands in for, who took its place. */
export function sliverWords(row: SliverRow, rows: readonly SliverRow[]): string {
  const words: string[] = [];
  if (row.reason) words.push(sentence(row.reason));
  if (row.substituteForId) {
    const failed = rows.find((r) => r.id === row.substituteForId);
    words.push(`Stands in for ${failed?.node.hostname ?? 'a node that failed'}.`);
  }
  const substitute = rows.find((r) => r.substituteForId === row.id);
  if (substitute && row.reason?.code !== 'SUBSTITUTED') words.push(`${substitute.node.hostname} took its place.`);
  if (row.picked && words.length === 0) words.push('Picked by you.');
  return words.join(' ');
}
