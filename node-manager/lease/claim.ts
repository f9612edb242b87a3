import type { Claim } from '@/core/admission/admission';
import { hardOf } from '@/core/resources/vector';
import type { LeaseRecord } from './node-state';

/** What is wished for or held, and when. */
export type Held = Pick<LeaseRecord, 'resources' | 'start' | 'end' | 'graceSeconds'>;

/**
 * What a lease holds, and from when until when (epoch ms). All of it also in the grace, in which the sliver is stopped but
 * kept: a renewal in the grace must find its room still there.
 */
export function claimOf(lease: Held): Claim {
  return { start: lease.start * 1000, end: (lease.end + lease.graceSeconds) * 1000, amounts: hardOf(lease.resources) };
}
