import { NO_QUOTA, type QuotaAmounts, quotaOf } from '@/core/quota/quota';
import type { HardAmounts } from '@/core/resources/vector';
import { SliceChange } from '@/protocol/api/change';
import { addedBy } from '../changes/judge-growth';

/**
 * What a request asks of its site's quota beside what is used. A renewal asks for nothing more; it is refused only where the site
 * holds more than it may.
 */
export function wantedOf(request: {
  kind: 'create' | 'renew' | 'change';
  change: unknown;
  slice: HardAmounts & { sliverCount: number };
}): QuotaAmounts {
  if (request.kind === 'create') return quotaOf(request.slice, request.slice.sliverCount);
  return request.kind === 'change' ? quotaOf(request.slice, addedBy(SliceChange.parse(request.change))) : NO_QUOTA;
}
