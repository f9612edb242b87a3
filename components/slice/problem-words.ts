import type { RefusalFacts } from '@/core/errors';
import { sentence } from '@/core/refusal-sentence';
import { type DraftField, fieldOf } from './draft';

/** What the form calls the fields that the server judges. */
const LABEL: Partial<Record<DraftField, string>> = {
  site: 'Site',
  shortName: 'Name',
  reason: 'Reason',
  count: 'Number of nodes',
  picked: 'Picked nodes',
  onlyCountries: 'Countries',
  minCountries: 'Least number of countries',
  maxPerSite: 'Most per site',
  cores: 'CPU',
  memoryMiB: 'Memory',
  diskMiB: 'Disk',
  networkMbps: 'Network',
  days: 'Term',
  minimum: 'Least number of slivers',
};

type Reason = Readonly<{ code: string; facts: RefusalFacts }>;

/** A problem in words for its place at the field: the program's name for the field is left out. */
export function problemAtField(reason: Reason): string {
  const { problem } = reason.facts;
  if (reason.code !== 'INVALID_INPUT' || typeof problem !== 'string' || problem === '') return sentence(reason);
  return `${problem[0]?.toUpperCase()}${problem.slice(1)}${problem.endsWith('.') ? '' : '.'}`;
}

/** A problem in words for a list away from the fields: begins with the label of its field where the reason needs one. */
export function problemInList({ field, reason }: { field: string; reason: Reason }): string {
  const words = problemAtField(reason);
  const at = fieldOf(field);
  const label = reason.code === 'INVALID_INPUT' && at ? LABEL[at] : undefined;
  return label ? `${label}: ${words[0]?.toLowerCase()}${words.slice(1)}` : words;
}
