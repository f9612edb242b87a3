import { createHash } from 'node:crypto';
import { Refused } from '@/core/errors';
import { inBatches } from '@/protocol/statement/batches';
import { decodeUnverified } from '@/protocol/statement/verify';
import { orRefused } from '@/protocol/transport/client';
import { refusedFrom } from '@/protocol/trpc';
import type { Outcome, ServiceManager } from './manager';
import type { Place, SliceState } from './state';

const SLIVER_WAIT_MS = 5_000;
/** What an agent takes back in one call, and stays below its largest body. */
const RETURNS = 200;

/** Redeems what is not redeemed yet: leases alone, or (`sliver`) with their slivers. What renews a lease renews it. */
export function redeemAll(manager: ServiceManager, slice: SliceState, sliver: boolean): Promise<Outcome[]> {
  const due = slice.places.filter((place) => place.ticket && !place.leaving);
  return manager.each(due, async (place) => {
    const { ticket } = place;
    if (!ticket) return;
    const node = manager.node(place);
    const { signal } = manager;
    const waitMs = sliver ? SLIVER_WAIT_MS : 0;
    const answer = ticket.renews
      ? await orRefused(node.renew.mutate({ ticket: ticket.ticket }, { signal }))
      : await orRefused(node.redeem.mutate({ ticket: ticket.ticket, sliver, waitMs }, { signal }));
    const { claims } = decodeUnverified('lease+jwt', answer.lease);
    place.lease = {
      jti: claims.jti,
      text: answer.lease,
      ticket: claims.ticket,
      end: claims.end,
      graceSeconds: claims.graceSeconds,
      keys: place.lease?.keys ?? null,
    };
    place.ticket = null;
    if (answer.sliver.reason?.code !== 'LEASED_ONLY') place.sliver = true;
    return ticket.renews ? `until ${new Date(claims.end * 1000).toISOString()}` : answer.sliver.state;
  });
}

/** Makes the slivers of leases that have none. */
export function makeSlivers(manager: ServiceManager, slice: SliceState): Promise<Outcome[]> {
  const due = slice.places.filter((place) => place.lease && !place.sliver && !place.leaving);
  return manager.each(due, async (place) => {
    const made = await orRefused(
      manager.node(place).createSliver.mutate({ slice: slice.urn, waitMs: SLIVER_WAIT_MS }, { signal: manager.signal }),
    );
    place.sliver = true;
    return made.state;
  });
}

/** Gives each node of the slice the whole list of keys, where it has not acknowledged this one. */
export function pushKeys(manager: ServiceManager, slice: SliceState): Promise<Outcome[]> {
  const wanted = createHash('sha256').update(JSON.stringify(slice.keys)).digest('base64url');
  const due = slice.places.filter((place) => place.lease && !place.leaving && place.lease.keys !== wanted);
  const none = slice.keys.length === 0;
  return manager.each(
    due.filter((place) => !(none && place.lease?.keys === null)),
    async (place) => {
      const { count } = await orRefused(
        manager.node(place).setKeys.mutate({ slice: slice.urn, keys: slice.keys }, { signal: manager.signal }),
      );
      if (place.lease) place.lease.keys = wanted;
      return `${count} key${count === 1 ? '' : 's'}`;
    },
  );
}

/**
 * Releases what is to go: leases end, tickets that were not redeemed are burnt, so that no late retry brings anything back. The
 * nodes' receipts are kept until the agent has them. A place whose time is over goes by itself.
 */
export async function releaseLeaving(manager: ServiceManager, slice: SliceState): Promise<Outcome[]> {
  const due = slice.places.filter((place) => place.leaving);
  const outcomes = await manager.each(due, async (place) => {
    const { ticket } = place;
    const burn = ticket ? [{ iss: ticket.iss, jti: ticket.jti, ticket: ticket.ticket }] : [];
    try {
      const { receipts } = await orRefused(
        manager.node(place).release.mutate({ slice: slice.urn, burn }, { signal: manager.signal }),
      );
      for (const receipt of receipts) {
        const { claims } = decodeUnverified('receipt+jwt', receipt);
        if ('ticket' in claims) manager.store.state.returns.push({ ...claims.ticket, receipt });
      }
    } catch (err) {
      if (!isOver(place) || refusedFrom(err)?.code !== 'NODE_UNREACHABLE') throw err;
    }
    slice.places = slice.places.filter((one) => one !== place);
    return 'released';
  });
  await giveBack(manager);
  return outcomes;
}

/** Nothing can come of it any more: the lease and its grace are over, and no ticket can be redeemed. */
export function isOver(place: Place, now = Date.now()): boolean {
  const leased = place.lease && (place.lease.end + place.lease.graceSeconds) * 1000 > now;
  return !leased && (!place.ticket || Date.parse(place.ticket.redeemBefore) + 300_000 < now);
}

/** Gives the agents the receipts; what one does not take now waits, what it refuses is of no use. */
async function giveBack(manager: ServiceManager): Promise<void> {
  const { state } = manager.store;
  for (const agent of manager.agents) {
    const own = state.returns.filter((one) => one.iss === agent.jkt);
    for (let at = 0; at < own.length; at += RETURNS) {
      const tickets = own.slice(at, at + RETURNS);
      try {
        await orRefused(manager.agent(agent).returnTickets.mutate({ tickets }, { signal: manager.signal }));
      } catch (err) {
        const refused = refusedFrom(err);
        if (!refused || refused.code === 'AGENT_UNREACHABLE' || refused.code === 'RATE_LIMITED') break;
      }
      state.returns = state.returns.filter((one) => !tickets.includes(one));
      manager.store.save();
    }
  }
}

/** Reads something of each place's node; a node that refuses is told with why. */
export async function readAll<T>(
  places: readonly Place[],
  read: (place: Place) => Promise<T>,
): Promise<{ place: Place; answer: T | null; reason: Refused['reason'] | null }[]> {
  return await inBatches(
    places,
    async (place) => {
      try {
        return { place, answer: await orRefused(read(place)), reason: null };
      } catch (err) {
        const refused = refusedFrom(err) ?? new Refused('NODE_UNREACHABLE', { node: place.node, cause: String(err) });
        return { place, answer: null, reason: refused.reason };
      }
    },
    16,
  );
}
