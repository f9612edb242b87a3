import { Refused } from '@/core/errors';
import type { PartnerView } from '@/protocol/api/partners';
import { readPartners } from '@/server/data/partners';
import type { Tx } from '@/server/db';

/** One partner as people see it. @throws Refused NOT_FOUND */
export async function partnerView(tx: Tx, authority: string): Promise<PartnerView> {
  const [view] = await readPartners(tx, authority);
  if (!view) throw new Refused('NOT_FOUND', { kind: 'partner', id: authority });
  return view;
}
