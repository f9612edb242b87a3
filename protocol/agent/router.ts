import type { z } from 'zod';
import { Refused } from '@/core/errors';
import { type Peer, programTrpc } from '../trpc';
import * as p from './partners';
import * as o from './principals';
import { AttendInput, AttendOutput } from './relay';
import { WatchInput, WatchOutput } from './revocations';
import * as s from './schemas';

/** What an agent does. Functions that take a peer run only for one of the right kind. */
export interface AgentService {
  config(): Promise<z.infer<typeof s.AgentConfigView>>;
  advertisements(
    peer: Peer,
    input: z.infer<typeof s.AdvertisementsInput>,
  ): Promise<z.infer<typeof s.AdvertisementsOutput>>;
  issue(peer: Peer, input: z.infer<typeof s.IssueInput>): Promise<z.infer<typeof s.IssueOutput>>;
  returnTickets(peer: Peer, input: z.infer<typeof s.ReturnInput>): Promise<z.infer<typeof s.ReturnOutput>>;
  heartbeat(peer: Peer, input: z.infer<typeof s.HeartbeatInput>): Promise<z.infer<typeof s.HeartbeatOutput>>;
  /** A node's word on all tickets of one of the deployment's agents. */
  standing(peer: Peer, input: z.infer<typeof s.StandingInput>): Promise<z.infer<typeof s.StandingOutput>>;
  delegate(peer: Peer, input: z.infer<typeof s.DelegateInput>): Promise<z.infer<typeof s.DelegateOutput>>;
  /** A long poll of a node that cannot be dialled: what calls wait for it here. */
  attend(
    peer: Peer,
    input: z.infer<typeof AttendInput>,
    signal: AbortSignal | undefined,
  ): Promise<z.infer<typeof AttendOutput>>;
  /** A long poll of every node: what was taken back that it has not heard of. */
  watch(
    peer: Peer,
    input: z.infer<typeof WatchInput>,
    signal: AbortSignal | undefined,
  ): Promise<z.infer<typeof WatchOutput>>;
  /** Anonymous: guarded by the one-time token. */
  enrol(input: z.infer<typeof s.EnrolInput>): Promise<z.infer<typeof s.EnrolOutput>>;
  /** Anonymous: guarded by the enrolled key's signature. */
  renewCertificate(input: z.infer<typeof s.RenewInput>): Promise<z.infer<typeof s.EnrolOutput>>;
  /** Anonymous: guarded by the registered key's signature. */
  certifyPrincipal(input: z.infer<typeof o.CertifyPrincipalInput>): Promise<z.infer<typeof o.CertifyPrincipalOutput>>;
  /** The slices that the peer's person runs by an own service manager. */
  ownSlices(peer: Peer): Promise<z.infer<typeof o.OwnSlicesOutput>>;
  ownTickets(peer: Peer, input: z.infer<typeof o.OwnTicketsInput>): Promise<z.infer<typeof o.OwnTicketsOutput>>;
  ownLeases(peer: Peer): Promise<z.infer<typeof o.OwnLeasesOutput>>;
  /** Anonymous: guarded by the one-time token and proofs of both keys. */
  joinPartner(input: p.JoinPartnerInput): Promise<p.JoinPartnerOutput>;
  /** Anonymous: guarded by the joined key's signature. */
  certifyPartner(input: p.CertifyPartnerInput): Promise<p.CertifyPartnerOutput>;
  /** A long poll of a partner's agent: what it was granted, and how these nodes are. */
  granted(peer: Peer, input: p.GrantedInput, signal: AbortSignal | undefined): Promise<p.GrantedOutput>;
}

/** `peer` is null for a caller without a certificate, who may only enrol, renew, or read the config. */
export type AgentContext = { peer: Peer | null; service: AgentService };

const t = programTrpc<AgentContext>();
const from = (...kinds: Peer['kind'][]) =>
  t.procedure.use(({ ctx, next }) => {
    const { peer } = ctx;
    if (!peer || !kinds.includes(peer.kind))
      throw new Refused('NOT_ALLOWED', { permission: `agent, as ${kinds.join(' or ')}` });
    return next({ ctx: { ...ctx, peer } });
  });
const node = from('node');
const manager = from('service-manager', 'principal');
const principal = from('principal');
const partnerAgent = from('partner-agent');

/** The agent's interface, tRPC over TLS; mutual for all but enrolment. */
export const agentRouter = t.router({
  config: t.procedure.output(s.AgentConfigView).query(({ ctx }) => ctx.service.config()),
  advertisements: manager
    .input(s.AdvertisementsInput)
    .output(s.AdvertisementsOutput)
    .query(({ ctx, input }) => ctx.service.advertisements(ctx.peer, input)),
  issue: manager
    .input(s.IssueInput)
    .output(s.IssueOutput)
    .mutation(({ ctx, input }) => ctx.service.issue(ctx.peer, input)),
  returnTickets: manager
    .input(s.ReturnInput)
    .output(s.ReturnOutput)
    .mutation(({ ctx, input }) => ctx.service.returnTickets(ctx.peer, input)),
  heartbeat: node
    .input(s.HeartbeatInput)
    .output(s.HeartbeatOutput)
    .mutation(({ ctx, input }) => ctx.service.heartbeat(ctx.peer, input)),
  standing: node
    .input(s.StandingInput)
    .output(s.StandingOutput)
    .mutation(({ ctx, input }) => ctx.service.standing(ctx.peer, input)),
  delegate: node
    .input(s.DelegateInput)
    .output(s.DelegateOutput)
    .mutation(({ ctx, input }) => ctx.service.delegate(ctx.peer, input)),
  attend: node
    .input(AttendInput)
    .output(AttendOutput)
    .mutation(({ ctx, input, signal }) => ctx.service.attend(ctx.peer, input, signal)),
  watch: node
    .input(WatchInput)
    .output(WatchOutput)
    .mutation(({ ctx, input, signal }) => ctx.service.watch(ctx.peer, input, signal)),
  enrol: t.procedure
    .input(s.EnrolInput)
    .output(s.EnrolOutput)
    .mutation(({ ctx, input }) => ctx.service.enrol(input)),
  renewCertificate: t.procedure
    .input(s.RenewInput)
    .output(s.EnrolOutput)
    .mutation(({ ctx, input }) => ctx.service.renewCertificate(input)),
  certifyPrincipal: t.procedure
    .input(o.CertifyPrincipalInput)
    .output(o.CertifyPrincipalOutput)
    .mutation(({ ctx, input }) => ctx.service.certifyPrincipal(input)),
  ownSlices: principal.output(o.OwnSlicesOutput).query(({ ctx }) => ctx.service.ownSlices(ctx.peer)),
  ownTickets: principal
    .input(o.OwnTicketsInput)
    .output(o.OwnTicketsOutput)
    .query(({ ctx, input }) => ctx.service.ownTickets(ctx.peer, input)),
  ownLeases: principal.output(o.OwnLeasesOutput).query(({ ctx }) => ctx.service.ownLeases(ctx.peer)),
  joinPartner: t.procedure
    .input(p.JoinPartnerInput)
    .output(p.JoinPartnerOutput)
    .mutation(({ ctx, input }) => ctx.service.joinPartner(input)),
  certifyPartner: t.procedure
    .input(p.CertifyPartnerInput)
    .output(p.CertifyPartnerOutput)
    .mutation(({ ctx, input }) => ctx.service.certifyPartner(input)),
  granted: partnerAgent
    .input(p.GrantedInput)
    .output(p.GrantedOutput)
    .query(({ ctx, input, signal }) => ctx.service.granted(ctx.peer, input, signal)),
});

export type AgentRouter = typeof agentRouter;
