import type { z } from 'zod';
import { SliceChange } from '@/protocol/api/change';
import type { RequestView } from '@/protocol/api/slice';

type PersonRef = { id: string; name: string; email: string };
type Row = {
  id: string;
  kind: 'create' | 'renew' | 'change';
  change: unknown;
  state: 'pending' | 'approved' | 'rejected' | 'withdrawn';
  reason: string;
  termSeconds: number;
  createdAt: Date;
  requestedBy: PersonRef;
  decision: { outcome: string; comment: string; at: Date; by: PersonRef } | null;
};

/** A row read with `requestSelect` as pages show it. */
export function requestView({
  id,
  kind,
  change,
  state,
  reason,
  termSeconds,
  createdAt,
  requestedBy,
  decision,
}: Row): z.infer<typeof RequestView> {
  return {
    id,
    kind,
    change: change === null ? null : SliceChange.parse(change),
    state,
    reason,
    termSeconds,
    createdAt,
    requestedBy,
    decision: decision && { ...decision, outcome: decision.outcome === 'approved' ? 'approved' : 'rejected' },
  };
}
