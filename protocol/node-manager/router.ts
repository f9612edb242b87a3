import type { z } from 'zod';
import { type Peer, programTrpc } from '../trpc';
import * as a from './access';
import * as c from './check';
import * as f from './flows';
import * as p from './ports';
import * as pr from './proofs';
import * as r from './redeem-all';
import * as s from './schemas';
import * as sc from './sliver-control';
import * as u from './usage';

/**
 * What a node manager does for a peer whose certificate, name and key were checked. Every function throws `Refused` for
 * an expected no.
 */
export interface NodeManagerService {
  config(peer: Peer): Promise<z.infer<typeof s.ConfigView>>;
  status(peer: Peer): Promise<z.infer<typeof s.StatusView>>;
  check(peer: Peer, input: c.CheckInput): Promise<c.CheckOutput>;
  redeem(
    peer: Peer,
    input: z.infer<typeof s.RedeemInput>,
    signal?: AbortSignal,
  ): Promise<z.infer<typeof s.RedeemOutput>>;
  redeemAll(peer: Peer, input: z.infer<typeof r.RedeemAllInput>): Promise<z.infer<typeof r.RedeemAllOutput>>;
  renew(peer: Peer, input: z.infer<typeof s.RenewInput>): Promise<z.infer<typeof s.RenewOutput>>;
  release(peer: Peer, input: z.infer<typeof s.ReleaseInput>): Promise<z.infer<typeof s.ReleaseOutput>>;
  setKeys(peer: Peer, input: z.infer<typeof s.SetKeysInput>): Promise<z.infer<typeof s.SetKeysOutput>>;
  keys(peer: Peer, input: z.infer<typeof s.SliceInput>): Promise<z.infer<typeof s.KeysOutput>>;
  slivers(peer: Peer): Promise<z.infer<typeof s.SliversOutput>>;
  sliver(peer: Peer, input: z.infer<typeof s.SliverInput>, signal: AbortSignal): Promise<s.SliverStatus>;
  usage(peer: Peer, input: z.infer<typeof u.UsageInput>): Promise<u.UsageView>;
  /** The proof of a refusal for lack of room, to whom the ticket is for. */
  refusal(peer: Peer, input: z.infer<typeof pr.RefusalInput>): Promise<z.infer<typeof pr.RefusalOutput>>;
  standing(peer: Peer, input: z.infer<typeof pr.StandingInput>): Promise<z.infer<typeof pr.StandingOutput>>;
  publish(peer: Peer, input: z.infer<typeof p.PublishInput>): Promise<p.PublishedPortView>;
  unpublish(peer: Peer, input: z.infer<typeof p.UnpublishInput>): Promise<p.PortsView>;
  flows(peer: Peer, input: z.infer<typeof f.FlowsInput>): Promise<f.FlowsView>;
  ports(peer: Peer, input: z.infer<typeof s.SliceInput>): Promise<p.PortsView>;
  /** Makes the sliver of a lease that was taken without one. Durable when it answers; idempotent. */
  createSliver(peer: Peer, input: z.infer<typeof sc.ControlInput>, signal: AbortSignal): Promise<s.SliverStatus>;
  /** Lets a sliver run again that was stopped. Durable when it answers; idempotent, as are those that follow. */
  start(peer: Peer, input: z.infer<typeof sc.ControlInput>, signal: AbortSignal): Promise<s.SliverStatus>;
  /** Ends all that runs in it and keeps its files, also over a restart of the node, until it is started or its lease ends. */
  stop(peer: Peer, input: z.infer<typeof sc.ControlInput>, signal: AbortSignal): Promise<s.SliverStatus>;
  /** Throws away what it wrote: a fresh root. */
  reset(peer: Peer, input: z.infer<typeof sc.ControlInput>, signal: AbortSignal): Promise<s.SliverStatus>;
  /** Limits below the lease's, in place; those left out are the lease's again. */
  update(peer: Peer, input: z.infer<typeof sc.UpdateInput>): Promise<s.SliverStatus>;
  logs(peer: Peer, input: z.infer<typeof sc.LogsInput>): Promise<sc.SliverLogsView>;
  exec(peer: Peer, input: z.infer<typeof s.ExecInput>, signal: AbortSignal): Promise<z.infer<typeof s.ExecOutput>>;
  access(peer: Peer, input: z.infer<typeof s.SliceInput>): Promise<a.AccessView>;
  terminalOpen(peer: Peer, input: z.infer<typeof a.TerminalOpenInput>): Promise<z.infer<typeof a.TerminalOpenOutput>>;
  terminalRead(
    peer: Peer,
    input: z.infer<typeof a.TerminalReadInput>,
    signal: AbortSignal,
  ): Promise<z.infer<typeof a.TerminalReadOutput>>;
  terminalWrite(
    peer: Peer,
    input: z.infer<typeof a.TerminalWriteInput>,
  ): Promise<z.infer<typeof a.TerminalWriteOutput>>;
  terminalClose(
    peer: Peer,
    input: z.infer<typeof a.TerminalCloseInput>,
  ): Promise<z.infer<typeof a.TerminalCloseOutput>>;
}

export type NodeManagerContext = { peer: Peer; service: NodeManagerService };

const t = programTrpc<NodeManagerContext>();
const never = new AbortController().signal;

/** The node manager's interface, tRPC over mutual TLS. */
export const nodeManagerRouter = t.router({
  config: t.procedure.output(s.ConfigView).query(({ ctx }) => ctx.service.config(ctx.peer)),
  status: t.procedure.output(s.StatusView).query(({ ctx }) => ctx.service.status(ctx.peer)),
  check: t.procedure
    .input(c.CheckInput)
    .output(c.CheckOutput)
    .query(({ ctx, input }) => ctx.service.check(ctx.peer, input)),
  redeem: t.procedure
    .input(s.RedeemInput)
    .output(s.RedeemOutput)
    .mutation(({ ctx, input, signal }) => ctx.service.redeem(ctx.peer, input, signal)),
  redeemAll: t.procedure
    .input(r.RedeemAllInput)
    .output(r.RedeemAllOutput)
    .mutation(({ ctx, input }) => ctx.service.redeemAll(ctx.peer, input)),
  renew: t.procedure
    .input(s.RenewInput)
    .output(s.RenewOutput)
    .mutation(({ ctx, input }) => ctx.service.renew(ctx.peer, input)),
  release: t.procedure
    .input(s.ReleaseInput)
    .output(s.ReleaseOutput)
    .mutation(({ ctx, input }) => ctx.service.release(ctx.peer, input)),
  setKeys: t.procedure
    .input(s.SetKeysInput)
    .output(s.SetKeysOutput)
    .mutation(({ ctx, input }) => ctx.service.setKeys(ctx.peer, input)),
  keys: t.procedure
    .input(s.SliceInput)
    .output(s.KeysOutput)
    .query(({ ctx, input }) => ctx.service.keys(ctx.peer, input)),
  slivers: t.procedure.output(s.SliversOutput).query(({ ctx }) => ctx.service.slivers(ctx.peer)),
  sliver: t.procedure
    .input(s.SliverInput)
    .output(s.SliverStatus)
    .query(({ ctx, input, signal }) => ctx.service.sliver(ctx.peer, input, signal ?? never)),
  usage: t.procedure
    .input(u.UsageInput)
    .output(u.UsageView)
    .query(({ ctx, input }) => ctx.service.usage(ctx.peer, input)),
  refusal: t.procedure
    .input(pr.RefusalInput)
    .output(pr.RefusalOutput)
    .query(({ ctx, input }) => ctx.service.refusal(ctx.peer, input)),
  standing: t.procedure
    .input(pr.StandingInput)
    .output(pr.StandingOutput)
    .query(({ ctx, input }) => ctx.service.standing(ctx.peer, input)),
  publish: t.procedure
    .input(p.PublishInput)
    .output(p.PublishedPortView)
    .mutation(({ ctx, input }) => ctx.service.publish(ctx.peer, input)),
  unpublish: t.procedure
    .input(p.UnpublishInput)
    .output(p.PortsOutput)
    .mutation(({ ctx, input }) => ctx.service.unpublish(ctx.peer, input)),
  flows: t.procedure
    .input(f.FlowsInput)
    .output(f.FlowsOutput)
    .query(({ ctx, input }) => ctx.service.flows(ctx.peer, input)),
  ports: t.procedure
    .input(s.SliceInput)
    .output(p.PortsOutput)
    .query(({ ctx, input }) => ctx.service.ports(ctx.peer, input)),
  createSliver: t.procedure
    .input(sc.ControlInput)
    .output(sc.ControlOutput)
    .mutation(({ ctx, input, signal }) => ctx.service.createSliver(ctx.peer, input, signal ?? never)),
  start: t.procedure
    .input(sc.ControlInput)
    .output(sc.ControlOutput)
    .mutation(({ ctx, input, signal }) => ctx.service.start(ctx.peer, input, signal ?? never)),
  stop: t.procedure
    .input(sc.ControlInput)
    .output(sc.ControlOutput)
    .mutation(({ ctx, input, signal }) => ctx.service.stop(ctx.peer, input, signal ?? never)),
  reset: t.procedure
    .input(sc.ControlInput)
    .output(sc.ControlOutput)
    .mutation(({ ctx, input, signal }) => ctx.service.reset(ctx.peer, input, signal ?? never)),
  update: t.procedure
    .input(sc.UpdateInput)
    .output(sc.ControlOutput)
    .mutation(({ ctx, input }) => ctx.service.update(ctx.peer, input)),
  logs: t.procedure
    .input(sc.LogsInput)
    .output(sc.LogsOutput)
    .query(({ ctx, input }) => ctx.service.logs(ctx.peer, input)),
  exec: t.procedure
    .input(s.ExecInput)
    .output(s.ExecOutput)
    .mutation(({ ctx, input, signal }) => ctx.service.exec(ctx.peer, input, signal ?? never)),
  access: t.procedure
    .input(s.SliceInput)
    .output(a.AccessView)
    .query(({ ctx, input }) => ctx.service.access(ctx.peer, input)),
  terminalOpen: t.procedure
    .input(a.TerminalOpenInput)
    .output(a.TerminalOpenOutput)
    .mutation(({ ctx, input }) => ctx.service.terminalOpen(ctx.peer, input)),
  terminalRead: t.procedure
    .input(a.TerminalReadInput)
    .output(a.TerminalReadOutput)
    .query(({ ctx, input, signal }) => ctx.service.terminalRead(ctx.peer, input, signal ?? never)),
  terminalWrite: t.procedure
    .input(a.TerminalWriteInput)
    .output(a.TerminalWriteOutput)
    .mutation(({ ctx, input }) => ctx.service.terminalWrite(ctx.peer, input)),
  terminalClose: t.procedure
    .input(a.TerminalCloseInput)
    .output(a.TerminalCloseOutput)
    .mutation(({ ctx, input }) => ctx.service.terminalClose(ctx.peer, input)),
});

export type NodeManagerRouter = typeof nodeManagerRouter;
