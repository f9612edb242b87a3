import { z } from 'zod';
import * as c from './common';
import { PlacedSpec, QuotaMeter, RequestView } from './slice';

export const PendingRequest = RequestView.extend({
  slice: z.object({
    id: c.Id,
    name: z.string(),
    site: c.SiteRef,
    sliverCount: z.int(),
    minimumCount: z.int(),
    endsAt: z.date().nullable(),
    /** Until when it can be renewed at most. */
    latestEnd: z.date().nullable(),
    spec: PlacedSpec,
  }),
  /** What it would use of the site's quota, beside what is used. */
  quota: QuotaMeter,
  overQuota: c.Reason.nullable(),
  /** False for one's own request: another PI or an operator decides it. */
  mayDecide: z.boolean(),
});
export type PendingRequest = z.infer<typeof PendingRequest>;
export const DecideInput = z.object({
  requestId: c.Id,
  outcome: z.enum(['approved', 'rejected']),
  comment: z.string().trim().max(2000).default(''),
});

/**
 * approvals router: list → PendingRequest[] (oldest first) · decided {limit} → RequestView & {sliceName}[] ·
 *   decide DecideInput → { name, state }  (rejection needs a comment)
 */
