import type { z } from 'zod';
import { Refused } from '@/core/errors';
import { type Peer, programTrpc } from '../trpc';
import * as p from './partners';
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
const from = (kind: Peer['kind']) =>
  t.procedure.use(({ ctx, next }) => {
    if (ctx.peer?.kind !== kind) throw new Refused('NOT_ALLOWED', { permission: `agent, as ${kind}` });
    return next({ ctx: { ...ctx, peer: ctx.peer } });
  });
const node = from('node');
const serviceManager = from('service-manager');
const partnerAgent = from('partner-agent');

/** The agent's interface, tRPC over TLS; mutual for all but enrolment. */
export const agentRouter = t.router({
  config: t.procedure.output(s.AgentConfigView).query(({ ctx }) => ctx.service.config()),
  advertisements: serviceManager
    .input(s.AdvertisementsInput)
    .output(s.AdvertisementsOutput)
    .query(({ ctx, input }) => ctx.service.advertisements(ctx.peer, input)),
  issue: serviceManager
    .input(s.IssueInput)
    .output(s.IssueOutput)
    .mutation(({ ctx, input }) => ctx.service.issue(ctx.peer, input)),
  returnTickets: serviceManager
    .input(s.ReturnInput)
    .output(s.ReturnOutput)
    .mutation(({ ctx, input }) => ctx.service.returnTickets(ctx.peer, input)),
  heartbeat: node
    .input(s.HeartbeatInput)
    .output(s.HeartbeatOutput)
    .mutation(({ ctx, input }) => ctx.service.heartbeat(ctx.peer, input)),
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
