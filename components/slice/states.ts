import type { SliceState, SliverReported } from '@/protocol/api/common';
import type { SliverRow } from '@/protocol/api/slice';
import type { Tone } from '../ui/state-mark';

/** How each state of a slice looks and reads. */
export const SLICE_STATE: Record<SliceState, { tone: Tone; word: string; means: string }> = {
  requested: { tone: 'progress', word: 'Requested', means: 'It waits for a PI of the site to decide.' },
  approved: { tone: 'progress', word: 'Approved', means: 'A PI approved it; its deployment is about to start.' },
  rejected: { tone: 'stopped', word: 'Rejected', means: 'A PI said no, with a comment.' },
  withdrawn: { tone: 'stopped', word: 'Withdrawn', means: 'The request was taken back before it was decided.' },
  deploying: { tone: 'progress', word: 'Deploying', means: 'Its slivers are being started, node by node.' },
  active: { tone: 'running', word: 'Active', means: 'All of its slivers run.' },
  degraded: { tone: 'degraded', word: 'Degraded', means: 'It runs, with fewer slivers than were asked for.' },
  failed: { tone: 'failed', word: 'Failed', means: 'Fewer slivers run than it needs at least.' },
  suspended: {
    tone: 'stopped',
    word: 'Suspended',
    means: 'Its lease is over: slivers are stopped and kept for a while.',
  },
  deleting: { tone: 'progress', word: 'Deleting', means: 'Its slivers are being taken off their nodes.' },
  deleted: { tone: 'stopped', word: 'Deleted', means: 'It is gone.' },
};

/** How each state that a node reports of a sliver looks and reads. */
export const SLIVER_STATE: Record<SliverReported, { tone: Tone; word: string }> = {
  pending: { tone: 'progress', word: 'Pending' },
  ticketed: { tone: 'progress', word: 'Ticketed' },
  scheduled: { tone: 'progress', word: 'Scheduled' },
  starting: { tone: 'progress', word: 'Starting' },
  running: { tone: 'running', word: 'Running' },
  stopped: { tone: 'stopped', word: 'Stopped' },
  failed: { tone: 'failed', word: 'Failed' },
  gone: { tone: 'stopped', word: 'Gone' },
  unknown: { tone: 'unknown', word: 'Unknown' },
};

/** Over for good: nothing of it will come back. */
export const isOver = (state: SliceState) => state === 'rejected' || state === 'withdrawn' || state === 'deleted';

/** What a sliver is doing, in the order in which one wants to know. */
export type Group = 'failed' | 'leaving' | 'progress' | 'unknown' | 'running' | 'stopped' | 'gone';

/** The group a sliver is counted in: one that shall go but is not gone yet is leaving, whatever its node last said. */
export function groupOf(row: Pick<SliverRow, 'desired' | 'reported' | 'goneAt'> & { givenUpAt?: Date | null }): Group {
  // Nobody wants it back: that it failed is of no concern any more.
  if (row.givenUpAt) return row.goneAt === null ? 'leaving' : 'gone';
  if (row.goneAt !== null || row.reported === 'gone') return row.reported === 'failed' ? 'failed' : 'gone';
  if (row.reported === 'failed') return 'failed';
  if (row.desired === 'gone') return 'leaving';
  if (row.reported === 'running' || row.reported === 'unknown' || row.reported === 'stopped') return row.reported;
  return 'progress';
}

export const GROUP: Record<Group, { tone: Tone; word: string }> = {
  failed: { tone: 'failed', word: 'failed' },
  leaving: { tone: 'progress', word: 'leaving' },
  progress: { tone: 'progress', word: 'in progress' },
  unknown: { tone: 'unknown', word: 'unknown' },
  running: { tone: 'running', word: 'running' },
  stopped: { tone: 'stopped', word: 'stopped' },
  gone: { tone: 'stopped', word: 'gone' },
};
export const GROUPS = Object.keys(GROUP) as Group[]; // a record's keys are its key type

/** How many slivers are in each group. */
export function countGroups(rows: readonly SliverRow[]): Record<Group, number> {
  const counts: Record<Group, number> = {
    failed: 0,
    leaving: 0,
    progress: 0,
    unknown: 0,
    running: 0,
    stopped: 0,
    gone: 0,
  };
  for (const row of rows) counts[groupOf(row)] += 1;
  return counts;
}
