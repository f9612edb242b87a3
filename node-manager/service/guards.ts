import { Refused } from '@/core/errors';
import type { Peer } from '@/protocol/trpc';
import type { LeaseRecord } from '../lease/node-state';
import type { NodeManager } from '../node';
import type { SliverRecord } from '../sliver/record';
import { boundsOf, HolderRates } from './holder-bounds';

/**
 * Who may ask a node for what: every call goes through one of these first. A lease belongs to the key in it, whoever that is: another's
 * looks like none.
 */
export type Guards = {
  /** The deployment's service manager alone; a key that was revoked counts no more. @throws Refused NOT_ALLOWED */
  asServiceManager: (peer: Peer) => void;
  /** An agent of the deployment or its service manager. @throws Refused NOT_ALLOWED */
  asDeployment: (peer: Peer) => void;
  /**
   * Whoever may hold leases: the deployment's service manager, a person's own, or a partner's. The last two are bounded in how fast they
   * ask; `cost`: as how many small calls this one counts. @throws Refused NOT_ALLOWED, RATE_LIMITED
   */
  asHolder: (peer: Peer, cost?: number) => void;
  /** Room for one more lease of this holder's. @throws Refused TOO_MANY_SLIVERS */
  judgeHolder: (peer: Peer) => void;
  /** The peer's live leases of the slice. */
  leasesOf: (peer: Peer, slice: string) => LeaseRecord[];
  /**
   * The slice's sliver that matters now: of a lease that lives, else the last that went. Another's looks like none.
   * @throws Refused NO_LEASE
   */
  recordOf: (peer: Peer, slice: string) => SliverRecord;
  /** As `recordOf`, of a sliver that runs. @throws Refused NO_LEASE, WRONG_STATE */
  runningOf: (peer: Peer, slice: string) => SliverRecord;
  noLease: (slice: string) => Refused;
};

/** Who is of the deployment itself: its agents and its service manager. */
export function isDeployment(peer: Peer): boolean {
  return peer.kind === 'agent' || peer.kind === 'service-manager';
}

export function guards(node: NodeManager): Guards {
  const rates = new HolderRates();
  const asServiceManager = (peer: Peer) => {
    const expected = node.link.enrolled?.serviceManager;
    if (peer.kind !== 'service-manager' || peer.jkt !== expected?.jkt)
      throw new Refused('NOT_ALLOWED', { permission: 'node manager, as service manager' });
  };
  const noLease = (slice: string) => new Refused('NO_LEASE', { slice, node: node.o.urn });
  const recordOf = (peer: Peer, slice: string): SliverRecord => {
    const own = [...node.keeper.records.values()].filter((r) => r.lease.slice === slice && r.lease.holder === peer.jkt);
    const live = own.filter((r) => node.state.leases.has(r.lease.jti)).sort((a, b) => a.lease.start - b.lease.start);
    const record = live[0] ?? own.at(-1);
    if (!record) throw noLease(slice);
    return record;
  };
  return {
    asServiceManager,
    asDeployment: (peer) => {
      if (peer.kind !== 'agent') asServiceManager(peer);
    },
    asHolder: (peer, cost = 1) => {
      if (peer.kind !== 'principal' && peer.kind !== 'partner-manager') return asServiceManager(peer);
      rates.take(peer, cost);
    },
    judgeHolder: (peer) => {
      const { leases: max } = boundsOf(peer);
      if (!Number.isFinite(max)) return;
      let held = 0;
      for (const lease of node.state.leases.values()) if (lease.holder === peer.jkt) held += 1;
      if (held >= max) throw new Refused('TOO_MANY_SLIVERS', { node: node.o.urn, held, max });
    },
    leasesOf: (peer, slice) =>
      [...node.state.leases.values()].filter((l) => l.slice === slice && l.holder === peer.jkt),
    recordOf,
    runningOf: (peer, slice) => {
      const record = recordOf(peer, slice);
      const { state } = record;
      if (state !== 'running')
        throw new Refused('WRONG_STATE', { kind: 'sliver', id: record.lease.sliver, state, needs: 'running' });
      return record;
    },
    noLease,
  };
}
