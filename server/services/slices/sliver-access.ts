import type { SliverAccess } from '@/protocol/api/terminal';
import { orRefused } from '@/protocol/transport/client';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';
import { webServiceManager } from '@/server/service-manager/web';
import { sliverTarget } from './sliver-target';

/**
 * How to get into the slice's sliver on a node, as the node itself says it now.
 * @throws Refused NOT_FOUND, CONFLICT, NO_LEASE, NODE_NOT_ENROLLED, NODE_UNREACHABLE
 */
export async function sliverAccess(db: Db, slice: SliceFactsRow, name: string): Promise<SliverAccess> {
  const { urn, hostname, address, jkt } = await sliverTarget(db, slice, name);
  const manager = await webServiceManager();
  const access = await orRefused(manager.node({ address, urn, jkt }).access.query({ slice: slice.urn }));
  return { ...access, node: urn, hostname };
}
