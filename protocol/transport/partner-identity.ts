import { caFingerprint } from '../pki/certificate';
import { partnerChallenge, proveChallenge } from '../pki/challenge';
import { renewalDue, type TlsIdentity, tlsIdentity } from '../pki/identity';
import { partnerUrn } from '../pki/names';
import type { IdentityKey } from '../statement/keys';
import { anonymousAgentClient, orRefused } from './client';

/** A deployment that takes us as its partner: what it is called, where its agent is, and the CA that it showed when we joined. */
export type PartnerHost = { authority: string; agentAddress: string; caPem: string };

/** Shorter than a caller of ours would wait. */
const ANSWER_MS = 10_000;
/** A partner that did not answer is asked again after so long: hundreds of slivers may want it at once. */
const ASK_AGAIN_MS = 2_000;
const RENEW_AGAIN_MS = 60_000;

/**
 * Who we are at a partner: one of our keys with a certificate of the partner's CA, whose certificates we take there and nowhere else. Asked
 * for when it is first needed, and again from half of its life on; while that does not work, the present one is used to its end.
 */
export class PartnerIdentity {
  private identity: TlsIdentity | null = null;
  private asking: Promise<TlsIdentity> | null = null;
  /** When it was last asked in vain, and what came of it. */
  private failed: { at: number; err: unknown } | null = null;

  constructor(
    readonly host: PartnerHost,
    private readonly own: { authority: string; part: 'am' | 'sm'; key: IdentityKey },
  ) {}

  /** The present identity, as clients want it: the same function each time. Only after `ready`. */
  readonly source = (): TlsIdentity => {
    if (!this.identity) throw new Error('no certificate of the partner yet');
    return this.identity;
  };

  /** Resolves when there is a certificate that counts now. Throws Refused AGENT_UNREACHABLE, REVOKED, EXPIRED, NOT_YET_VALID. */
  async ready(now = new Date()): Promise<void> {
    const holds = this.identity !== null && now < this.identity.notAfter;
    if (this.identity && holds && !renewalDue(this.identity, now)) return;
    if (this.failed && now.getTime() - this.failed.at < (holds ? RENEW_AGAIN_MS : ASK_AGAIN_MS)) {
      if (holds) return;
      throw this.failed.err;
    }
    this.asking ??= this.ask(now).finally(() => {
      this.asking = null;
    });
    try {
      this.identity = await this.asking;
      this.failed = null;
    } catch (err) {
      this.failed = { at: now.getTime(), err };
      if (!holds) throw err;
    }
  }

  private async ask(now: Date): Promise<TlsIdentity> {
    const { key, authority, part } = this.own;
    const facts = {
      urn: partnerUrn(this.host.authority, authority, part),
      publicKey: key.jwk,
      at: Math.floor(now.getTime() / 1000),
    };
    const proof = proveChallenge(partnerChallenge(facts), key.privateKey);
    const { client, close } = anonymousAgentClient(this.host.agentAddress, caFingerprint(this.host.caPem), {
      answerMs: ANSWER_MS,
    });
    const answer = await orRefused(client.certifyPartner.mutate({ ...facts, proof })).finally(close);
    return tlsIdentity(key, answer.certificate, this.host.caPem);
  }
}
