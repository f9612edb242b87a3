// biome-ignore-all lint/suspicious/useAwait: a refusal must reject, not throw
import { Refused } from '@/core/errors';
import type { NodeManagerService } from '@/protocol/node-manager/router';
import type { NodeSliverState } from '@/protocol/node-manager/schemas';
import type { SliverLimits } from '@/protocol/node-manager/sliver-control';
import type { Peer } from '@/protocol/trpc';
import type { LeaseRecord, SliverWish } from '../lease/node-state';
import type { NodeManager } from '../node';
import type { SliverRecord } from '../sliver/record';
import type { Guards } from './guards';

type Control = Pick<NodeManagerService, 'createSliver' | 'start' | 'stop' | 'reset' | 'update' | 'logs'>;
const NO_WISH: SliverWish = { stopped: false, limits: null, bare: false };

/** What the people of a slice do with their sliver within its lease. A wish is durable before it is acknowledged. */
export function sliverControlService(node: NodeManager, guards: Guards): Control {
  const { ledger, urn, driver } = node.o;

  const leasedOf = (peer: Peer, slice: string): { record: SliverRecord; lease: LeaseRecord } => {
    guards.asHolder(peer);
    const record = guards.recordOf(peer, slice);
    const lease = node.state.leases.get(record.lease.jti);
    if (!lease) throw guards.noLease(slice);
    return { record, lease };
  };
  /** As `leasedOf`, with a sliver. */
  const sliverOf = (peer: Peer, slice: string) => {
    const { record, lease } = leasedOf(peer, slice);
    if (node.keeper.isBare(lease.jti))
      throw new Refused('WRONG_STATE', { kind: 'lease', id: lease.jti, state: 'without a sliver', needs: 'a sliver' });
    return { record, lease };
  };
  const wishOf = (lease: LeaseRecord) => node.state.wishes.get(lease.jti) ?? NO_WISH;
  const enter = (lease: LeaseRecord, wish: SliverWish) =>
    ledger.record(urn, { t: 'sliver', at: ledger.now(), lease: lease.jti, wish });
  const settled = async (record: SliverRecord, done: readonly NodeSliverState[], ms: number, signal: AbortSignal) => {
    const until = Date.now() + ms;
    for (let left = ms; !done.includes(record.state) && left > 0 && !signal.aborted; left = until - Date.now())
      await node.nextChange(record.lease.slice, left, signal);
    return record.status(node.simulated);
  };

  return {
    async createSliver(peer, { slice, waitMs }, signal) {
      const { record, lease } = leasedOf(peer, slice);
      if (node.keeper.isBare(lease.jti)) {
        const endedAt = lease.end * 1000;
        if (endedAt <= ledger.now()) throw new Refused('LEASE_OVER', { endedAt: new Date(endedAt).toISOString() });
        ledger.assertRoom();
        await node.keeper.furnish(lease, enter(lease, { ...wishOf(lease), bare: false }));
      } else await ledger.settled(); // another call's may not be on the disk yet
      return settled(record, ['running', 'failed', 'stopped', 'scheduled'], waitMs, signal);
    },

    async start(peer, { slice, waitMs }, signal) {
      const { record, lease } = sliverOf(peer, slice);
      if (wishOf(lease).stopped) await enter(lease, { ...wishOf(lease), stopped: false });
      else await ledger.settled(); // another call's may not be on the disk yet
      node.keeper.tryAgain(lease.jti);
      return settled(record, ['running', 'failed', 'scheduled'], waitMs, signal);
    },

    async stop(peer, { slice, waitMs }, signal) {
      const { record, lease } = sliverOf(peer, slice);
      if (wishOf(lease).stopped) await ledger.settled();
      else await enter(lease, { ...wishOf(lease), stopped: true });
      node.keeper.wake();
      return settled(record, ['stopped', 'scheduled'], waitMs, signal);
    },

    async reset(peer, { slice, waitMs }, signal) {
      const { record, lease } = sliverOf(peer, slice);
      await node.keeper.reset(lease.jti);
      return settled(record, ['running', 'failed', 'stopped', 'scheduled'], waitMs, signal);
    },

    async update(peer, { slice, limits }) {
      const { record, lease } = sliverOf(peer, slice);
      const wanted = narrowed(lease, limits);
      if (record.state === 'running') await applied(() => driver.update(node.keeper.specOf(lease, wanted), never));
      await enter(lease, { ...wishOf(lease), limits: wanted });
      return record.status(node.simulated);
    },

    async logs(peer, { slice }) {
      guards.asHolder(peer);
      return driver.logs(guards.recordOf(peer, slice).lease.jti);
    },
  };
}

const never = new AbortController().signal;

/** The limits that are others than the lease's, or null. @throws Refused INVALID_INPUT for more than the lease has */
function narrowed(lease: LeaseRecord, limits: SliverLimits): SliverLimits | null {
  const all: [string, number | undefined, number][] = Object.entries(limits).map(([field, value]) => [
    field,
    value,
    Number(new Map(Object.entries(lease.resources)).get(field)),
  ]);
  for (const [field, value, most] of all)
    if (value !== undefined && value > most)
      throw new Refused('INVALID_INPUT', { field: `limits.${field}`, problem: `the lease has ${most}` });
  return all.some(([, value, most]) => value !== undefined && value < most) ? limits : null;
}

/** A kernel that says no (less memory than is in use, say) is an expected no. */
async function applied(update: () => Promise<void>): Promise<void> {
  try {
    await update();
  } catch (err) {
    if (err instanceof Refused) throw err;
    const problem = err instanceof Error ? err.message.slice(0, 300) : String(err);
    throw new Refused(
      'INVALID_INPUT',
      { field: 'limits', problem: `the kernel refuses them: ${problem}` },
      { cause: err },
    );
  }
}
