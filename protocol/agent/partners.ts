import { z } from 'zod';
import { isoTime, statement, urn } from '../node-manager/schemas';
import { Authority } from '../pki/partner-token';
import { HardAmountsSchema } from '../resources';
import { PublicJwkSchema } from '../statement/schemas';
import { DialAddress } from './schemas';

/** Calls between the agents of two deployments. Words: the host gives of its nodes, the guest uses them. */

const proof = z.string().regex(/^[A-Za-z0-9_-]{86}$/);

/** Joining, without a certificate: a one-time token, and proof of both keys that the guest will use (signatures over the challenge text). */
export const JoinPartnerInput = z.object({
  /** The token's secret part */
  secret: z.string().min(32).max(128),
  /** The guest's authority */
  authority: Authority,
  /** The guest's own names and keys; the agent's address is what the host's people see. */
  agent: z.object({ urn, publicKey: PublicJwkSchema, address: DialAddress }),
  manager: z.object({ urn, publicKey: PublicJwkSchema }),
  agentProof: proof,
  managerProof: proof,
});
export const JoinPartnerOutput = z.object({
  authority: Authority,
  agent: z.object({ urn, publicKey: PublicJwkSchema, address: z.string().max(255) }),
  /** PEM */
  ca: z.string().max(8192),
});

/** A certificate of the host's CA for a joined guest's key, by proof of it; works also after the last one lapsed. */
export const CertifyPartnerInput = z.object({
  /** What the host calls the guest's agent or service manager: `partnerUrn`. */
  urn,
  publicKey: PublicJwkSchema,
  /** epoch seconds, within 300 s of the server's clock */
  at: z.int(),
  proof,
});
export const CertifyPartnerOutput = z.object({ certificate: z.string().max(8192), ca: z.string().max(8192) });

/** Nodes that a partner may be given in all, and in one call. */
export const MAX_GRANTED = 2000;

export const GrantedInput = z.object({
  /** Where the guest's knowledge ends: what the last answer said; null to hear all. */
  since: z.object({ epoch: z.string().max(64), seq: z.int().min(0) }).nullable(),
  /** How long to wait for news, in ms. */
  waitMs: z.int().min(0).max(20_000),
});

/** A node that the guest may issue tickets for, with all it needs to call it. */
export const GrantedNode = z.object({
  urn,
  hostname: z.string().max(255),
  site: z.object({
    loginBase: z.string().max(64),
    name: z.string().max(200),
    country: z.string().length(2).nullable(),
    latitude: z.number().nullable(),
    longitude: z.number().nullable(),
  }),
  country: z.string().length(2).nullable(),
  city: z.string().max(200).nullable(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  address: DialAddress,
  /** The node's enrolled key. */
  publicKey: PublicJwkSchema,
  incarnation: z.string().max(64),
  bootState: z.enum(['registered', 'install', 'boot', 'debug', 'disabled']),
  adminSwitch: z.enum(['open', 'draining', 'closed']),
  reachability: z.enum(['online', 'late', 'unreachable']),
  simulated: z.boolean(),
  driver: z.string().max(64).nullable(),
  capacity: HardAmountsSchema,
  /** By the node's own word; what the grant leaves is the guest's to count. */
  free: HardAmountsSchema,
  slivers: z.int().min(0),
  images: z.array(z.string().max(100)).max(100),
  /** Compact texts, the node's own first, the one to the guest last. */
  chain: z.array(statement).min(2).max(8),
});
export type GrantedNode = z.infer<typeof GrantedNode>;

export const GrantedOutput = z.object({
  at: isoTime,
  epoch: z.string().max(64),
  seq: z.int().min(0),
  /** True: these are all; else only those that changed. */
  full: z.boolean(),
  nodes: z.array(GrantedNode).max(MAX_GRANTED),
  /** Those that are granted no more, with why where somebody took them back. */
  gone: z
    .array(
      z.object({
        urn,
        at: isoTime,
        why: z.string().max(500).nullable(),
        /** Leases there end at once; else they run to their end. */
        endLeases: z.boolean(),
      }),
    )
    .max(MAX_GRANTED),
});
export type GoneNode = GrantedOutput['gone'][number];
export type GrantedOutput = z.infer<typeof GrantedOutput>;
export type GrantedInput = z.infer<typeof GrantedInput>;
export type JoinPartnerInput = z.infer<typeof JoinPartnerInput>;
export type JoinPartnerOutput = z.infer<typeof JoinPartnerOutput>;
export type CertifyPartnerInput = z.infer<typeof CertifyPartnerInput>;
export type CertifyPartnerOutput = z.infer<typeof CertifyPartnerOutput>;
