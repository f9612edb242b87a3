import { NO_QUOTA, overQuota, type QuotaAmounts } from '@/core/quota/quota';
import type { PendingRequest } from '@/protocol/api/approval';
import { PlacedSpec } from '@/protocol/api/slice';
import { findQuota, type QuotaRow, sumHeld } from '@/server/data/quotas';
import { findPending } from '@/server/data/requests';
import type { Tx } from '@/server/db';
import { may, type Person } from '../policy';
import { noQuota, quotaMeter } from '../quota';
import { requestView } from '../requests/request-view';
import { latestEndOf } from '../slices/view-slice';
import { sitesToDecide } from './sites-to-decide';
import { wantedOf } from './wanted-of';

/** What waits for the person's decision, oldest first, each with what it would use of its site's quota. Own ones too, to be seen. */
export async function listPending(db: Tx, person: Person): Promise<PendingRequest[]> {
  const rows = await findPending(db, sitesToDecide(person));
  const quotas = await quotasOf(
    db,
    rows.map((row) => row.slice.site.id),
  );
  return rows.map((row) => {
    const { site, sliverCount } = row.slice;
    const { quota, used } = quotas.get(site.id) ?? { quota: noQuota, used: NO_QUOTA };
    const wants = wantedOf(row);
    return {
      ...requestView(row),
      slice: {
        id: row.slice.id,
        name: row.slice.name,
        site,
        sliverCount,
        minimumCount: row.slice.minimumCount,
        endsAt: row.slice.endsAt,
        latestEnd: latestEndOf(row.slice.startsAt, quota),
        spec: PlacedSpec.parse(row.slice.spec),
      },
      quota: quotaMeter(site, quota, used, wants),
      overQuota: overQuota(quota, used, wants),
      mayDecide: may(person, 'request.decide', { siteId: site.id, requestedById: row.requestedBy.id }),
    };
  });
}

async function quotasOf(db: Tx, siteIds: readonly string[]) {
  const found = new Map<string, { quota: QuotaRow; used: QuotaAmounts }>();
  for (const siteId of new Set(siteIds)) {
    const [quota, used] = await Promise.all([findQuota(db, siteId), sumHeld(db, siteId)]);
    found.set(siteId, { quota: quota ?? noQuota, used });
  }
  return found;
}
