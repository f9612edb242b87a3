import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { Refused } from '@/core/errors';
import { firstShort } from '@/core/resources/vector';
import type { OwnSlice } from '@/protocol/agent/principals';
import type { IssueInput } from '@/protocol/agent/schemas';
import { decodeUnverified } from '@/protocol/statement/verify';
import { orRefused } from '@/protocol/transport/client';
import type { Outcome, ServiceManager } from './manager';
import { isOver, releaseLeaving } from './nodes';
import type { AgentDial, Place, SliceState } from './state';

type Body = z.infer<typeof IssueInput>;
type Dials = NonNullable<SliceState['pending']>['dials'];

/** What is wanted: so many nodes, or these; for how long. `end`: epoch seconds, null: as long as the slice. */
export type Wanted = {
  count: number | null;
  nodes: string[];
  countries: string[];
  end: number | null;
  partial: boolean;
};

/**
 * Gets tickets for a slice on nodes that have none yet. All or nothing, unless part of it will do: what cannot be completed is given
 * back. A request that was on its way when a command ended is finished first, under its own key, so that nothing is asked for twice.
 */
export async function newTickets(manager: ServiceManager, slice: OwnSlice, wanted: Wanted): Promise<Outcome[]> {
  const state = manager.store.of(slice);
  const outcomes = await finishPending(manager, state);
  state.places = state.places.filter((place) => !isOver(place));
  const have = new Set(state.places.map((place) => place.node));
  const missing = () =>
    wanted.nodes.length > 0
      ? wanted.nodes.filter((node) => !have.has(node)).length
      : (wanted.count ?? slice.slivers) - have.size;
  if (missing() <= 0) return outcomes;
  const got: Place[] = [];
  const refusals: Outcome[] = [];
  for (const { agent, ads } of await manager.advertisements()) {
    const open = ads.filter(
      (ad) =>
        !have.has(ad.node) &&
        (wanted.nodes.length === 0 || wanted.nodes.includes(ad.node)) &&
        (wanted.countries.length === 0 || (ad.country !== null && wanted.countries.includes(ad.country))) &&
        !firstShort(slice.resources, ad.free) &&
        ad.images.includes(slice.resources.image),
    );
    while (missing() > 0 && open.length > 0) {
      const chosen = open.splice(0, Math.min(missing(), 1000));
      const dials = Object.fromEntries(chosen.map(({ node, address, jkt }) => [node, { address, jkt }]));
      const { places, refused } = await ask(
        manager,
        state,
        agent,
        bodyFor(manager, slice, Object.keys(dials), wanted.end),
        dials,
      );
      for (const place of places) have.add(place.node);
      got.push(...places);
      refusals.push(...refused);
    }
  }
  if (missing() > 0 && !wanted.partial) {
    const matching = got.length;
    for (const place of got) place.leaving = true;
    manager.store.save();
    await releaseLeaving(manager, state);
    throw new Refused('NOT_ENOUGH_NODES', { wants: matching + missing(), matching });
  }
  return [...outcomes, ...got.map(({ node }) => ({ node, ok: true })), ...(missing() > 0 ? refusals : [])];
}

/** Tickets that renew what is leased, to a later end; places that have one already keep it. */
export async function renewalTickets(manager: ServiceManager, slice: OwnSlice, end: number | null): Promise<Outcome[]> {
  const state = manager.store.of(slice);
  const outcomes = await finishPending(manager, state);
  const until = end ?? endOf(slice);
  const due = state.places.filter((one) => one.lease && !one.ticket && !one.leaving && one.lease.end < until);
  for (const iss of new Set(due.map((one) => one.lease?.ticket.iss ?? ''))) {
    const places = due.filter((one) => one.lease?.ticket.iss === iss);
    const agent = manager.agents.find((one) => one.jkt === iss);
    if (!agent) {
      outcomes.push(...places.map(({ node }) => failed(node, new Refused('UNKNOWN_ISSUER', { iss }))));
      continue;
    }
    const dials = Object.fromEntries(places.map(({ node, dial }) => [node, dial]));
    const replaces = Object.fromEntries(places.map(({ node, lease }) => [node, lease?.ticket.jti ?? '']));
    const start = Math.min(...places.map(({ lease }) => startOf(lease?.text ?? '')));
    const body = { ...bodyFor(manager, slice, Object.keys(dials), until), start, replaces };
    const { refused } = await ask(manager, state, agent, body, dials);
    outcomes.push(...refused);
  }
  return outcomes;
}

/** Sends a request again that may have been answered. */
async function finishPending(manager: ServiceManager, state: SliceState): Promise<Outcome[]> {
  const { pending } = state;
  if (!pending) return [];
  const { places, refused } = await send(manager, state, pending);
  return [...places.map(({ node }) => ({ node, ok: true })), ...refused];
}

async function ask(manager: ServiceManager, state: SliceState, agent: AgentDial, body: Body, dials: Dials) {
  const renews = body.replaces !== undefined;
  const pending = { agent, body, dials, at: new Date().toISOString(), renews };
  state.pending = pending;
  manager.store.save(); // before anybody hears of it
  return await send(manager, state, pending);
}

async function send(manager: ServiceManager, state: SliceState, pending: NonNullable<SliceState['pending']>) {
  const { agent, body, dials, renews } = pending;
  try {
    const answer = await orRefused(manager.agent(agent).issue.mutate(body, { signal: manager.signal }));
    const places = answer.tickets.flatMap((one) => keep(state, one, dials, renews));
    state.pending = null;
    manager.store.save(); // the tickets, and that they were answered, at once
    return {
      places,
      refused: answer.refused.map(({ node, reason }) => ({ node, ok: false, reason: reasonOf(reason) })),
    };
  } catch (err) {
    if (err instanceof Refused && err.code !== 'AGENT_UNREACHABLE' && err.code !== 'RATE_LIMITED') {
      state.pending = null; // it was refused whole: nothing is out
      manager.store.save();
    }
    throw err;
  }
}

function keep(
  state: SliceState,
  got: { node: string; iss: string; jti: string; ticket: string },
  dials: Dials,
  renews: boolean,
): Place[] {
  const { node, ...rest } = got;
  const dial = dials[node];
  if (!dial) return [];
  const { exp } = decodeUnverified('ticket+jwt', got.ticket).claims;
  const ticket = { ...rest, redeemBefore: new Date(exp * 1000).toISOString(), renews };
  const known = state.places.find((one) => one.node === node);
  if (known) {
    known.ticket = ticket;
    return [known];
  }
  const place: Place = { node, dial, ticket, lease: null, sliver: false, leaving: false };
  state.places.push(place);
  return [place];
}

function bodyFor(manager: ServiceManager, slice: OwnSlice, nodes: string[], end: number | null): Body {
  const now = Math.floor(Date.now() / 1000);
  return {
    idempotencyKey: randomBytes(18).toString('base64url'),
    slice: slice.urn,
    sub: manager.manager.urn,
    resources: slice.resources,
    nodes,
    start: Math.max(now, slice.startsAt ? Math.ceil(Date.parse(slice.startsAt) / 1000) : 0),
    end: end ?? endOf(slice),
    graceSeconds: slice.graceSeconds,
    redeemSeconds: 3600,
  };
}

/** The slice's end, epoch seconds. @throws Refused WRONG_STATE before it was approved */
function endOf(slice: OwnSlice): number {
  if (!slice.endsAt)
    throw new Refused('WRONG_STATE', { kind: 'slice', id: slice.name, state: slice.state, needs: 'approved' });
  return Math.floor(Date.parse(slice.endsAt) / 1000);
}

function startOf(lease: string): number {
  return decodeUnverified('lease+jwt', lease).claims.start;
}

function failed(node: string, refused: Refused): Outcome {
  return { node, ok: false, reason: refused.reason };
}

/** A reason of a newer agent may have a code that is not known here. */
function reasonOf(reason: { code: string; facts: Refused['facts'] }): Refused['reason'] {
  return { code: reason.code as Refused['code'], facts: reason.facts }; // only shown, by a sentence that knows of unknown codes
}
