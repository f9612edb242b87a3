import { join } from 'node:path';
import { z } from 'zod';
import { IssueInput } from '@/protocol/agent/schemas';
import { statement, statementId, TicketRef, thumbprint, urn } from '@/protocol/node-manager/schemas';
import { readWhole, writeWhole } from './folder';

/** Whom to call, and what to find in its certificate. */
export const Dial = z.object({ address: z.string().max(255), jkt: thumbprint });
export const AgentDial = Dial.extend({ urn });
export type AgentDial = z.infer<typeof AgentDial>;

const HeldTicket = TicketRef.extend({ ticket: statement, redeemBefore: z.iso.datetime(), renews: z.boolean() });
const HeldLease = z.object({
  jti: statementId,
  text: statement,
  ticket: TicketRef,
  end: z.int(),
  graceSeconds: z.int(),
  /** The keys that its node acknowledged, as a hash; null: none yet. */
  keys: z.string().nullable(),
});

/** What is held of one slice on one node: a ticket not redeemed yet, a lease, a sliver in it. */
export const Place = z.object({
  node: urn,
  dial: Dial,
  ticket: HeldTicket.nullable(),
  lease: HeldLease.nullable(),
  sliver: z.boolean(),
  /** It is to go: nothing else is done with it. */
  leaving: z.boolean(),
});
export type Place = z.infer<typeof Place>;

/** A request for tickets that may have been answered: it is sent again as it was, under the same key. */
const Pending = z.object({
  agent: AgentDial,
  body: IssueInput,
  dials: z.record(urn, Dial),
  at: z.iso.datetime(),
  renews: z.boolean(),
});

export const SliceState = z.object({
  urn,
  name: z.string(),
  keys: z.array(z.string().max(8192)).max(500),
  pending: Pending.nullable(),
  places: z.array(Place).max(10_000),
});
export type SliceState = z.infer<typeof SliceState>;

/** All that a service manager must not forget. */
export const State = z.object({
  version: z.literal(1),
  slices: z.array(SliceState).max(1000),
  /** Receipts of what is over, for the agent that issued it: what it claimed is free then. */
  returns: z.array(TicketRef.extend({ receipt: statement })).max(20_000),
});
export type State = z.infer<typeof State>;

/** The state of a folder, written whole at each change: what was acknowledged to us is on the disk before we go on. */
export class Store {
  private constructor(
    private readonly path: string,
    readonly state: State,
  ) {}

  static open(folder: string): Store {
    const path = join(folder, 'state.json');
    return new Store(path, readWhole(path, State) ?? { version: 1, slices: [], returns: [] });
  }

  save(): void {
    this.state.slices = this.state.slices.filter((one) => one.places.length > 0 || one.pending || one.keys.length > 0);
    writeWhole(this.path, `${JSON.stringify(this.state)}\n`);
  }

  /** What is held of a slice; null for one that is not known here. */
  find(name: string): SliceState | null {
    return this.state.slices.find((one) => one.name === name || one.urn === name) ?? null;
  }

  of(slice: { urn: string; name: string }): SliceState {
    const known = this.find(slice.urn);
    if (known) return known;
    const made: SliceState = { urn: slice.urn, name: slice.name, keys: [], pending: null, places: [] };
    this.state.slices.push(made);
    return made;
  }
}
