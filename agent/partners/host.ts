import { Refused } from '@/core/errors';
import { parseUrn } from '@/core/identity/urn';
import type {
  CertifyPartnerInput,
  CertifyPartnerOutput,
  JoinPartnerInput,
  JoinPartnerOutput,
} from '@/protocol/agent/partners';
import { certificateSpan, issueCertificate } from '@/protocol/pki/certificate';
import { checkProof, joinChallenge, partnerChallenge } from '@/protocol/pki/challenge';
import { enrolmentSecretHash } from '@/protocol/pki/enrolment-token';
import { agentUrn, partnerUrn, serviceManagerUrn } from '@/protocol/pki/names';
import { thumbprint } from '@/protocol/statement/keys';
import { checkFresh, type Registrar } from '../enrolment';
import { inTransaction } from '../store/database';
import { recordCertificate } from '../store/deployment';
import { auditPartner, holderOfKey, isPartnerKey, keepPartnerAgent, lockInvited, markJoined } from '../store/partners';

/** What a host needs beside its registrar: how it is called. */
export type Host = Registrar & { authority: string };

/**
 * Takes a guest in, against its one-time token and with proofs of both keys that it will use. The same keys again (the reply was lost)
 * get the same answer; others are refused TOKEN_USED. Throws Refused TOKEN_INVALID, TOKEN_USED, BAD_SIGNATURE, INVALID_INPUT, CONFLICT.
 */
export async function joinPartner(host: Host, input: JoinPartnerInput): Promise<JoinPartnerOutput> {
  const { agent, manager, authority } = input;
  const challenge = joinChallenge(input);
  for (const [key, proof] of [
    [agent.publicKey, input.agentProof],
    [manager.publicKey, input.managerProof],
  ] as const) {
    if (!checkProof(challenge, proof, key)) throw new Refused('BAD_SIGNATURE', { kid: thumbprint(key) });
  }
  const [agentJkt, managerJkt] = [thumbprint(agent.publicKey), thumbprint(manager.publicKey)];
  if (agentJkt === managerJkt)
    throw new Refused('INVALID_INPUT', { field: 'manager.publicKey', problem: 'must not be the agent’s' });
  if (agent.urn !== agentUrn(authority))
    throw new Refused('INVALID_INPUT', { field: 'agent.urn', problem: 'must be the first agent of that authority' });
  if (manager.urn !== serviceManagerUrn(authority))
    throw new Refused('INVALID_INPUT', { field: 'manager.urn', problem: 'must be of that authority' });
  return await inTransaction(host.pool, async (tx) => {
    const invited = await lockInvited(tx, enrolmentSecretHash(input.secret));
    if (!invited) throw new Refused('TOKEN_INVALID', { problem: 'nobody knows it; a newer one may have replaced it' });
    if (invited.authority !== authority)
      throw new Refused('TOKEN_INVALID', { problem: 'it is for another deployment' });
    const same = invited.agentJkt === agentJkt && invited.managerJkt === managerJkt;
    if (invited.used && !(same && invited.state === 'active')) throw new Refused('TOKEN_USED');
    if (!invited.used && invited.expired) throw new Refused('TOKEN_INVALID', { problem: 'it has expired' });
    for (const jkt of [agentJkt, managerJkt]) {
      const holder = await holderOfKey(tx, jkt, invited.id);
      if (holder || jkt === host.serviceManager.jkt)
        throw new Refused('CONFLICT', { kind: 'key', id: jkt, problem: `${holder ?? 'this deployment'} has it` });
    }
    if (!invited.used) {
      const row = { partnerId: invited.id, urn: agent.urn, jkt: agentJkt, publicKey: agent.publicKey.x };
      if (!(await keepPartnerAgent(tx, { ...row, address: agent.address })))
        throw new Refused('CONFLICT', { kind: 'agent', id: agent.urn, problem: 'another agent is called so here' });
      await markJoined(tx, { id: invited.id, agentAddress: agent.address, managerJkt });
      const facts = { agent: agentJkt, manager: managerJkt, address: agent.address };
      await auditPartner(tx, { actor: agent.urn, action: 'partner.joined', authority, facts });
    }
    return { authority: host.authority, agent: host.agent, ca: host.ca.certificatePem };
  });
}

/**
 * A certificate of our CA for a partner's key, under our own name for it. Throws Refused BAD_SIGNATURE, EXPIRED, NOT_YET_VALID, and
 * REVOKED for a key that is none of an active partner's (any more).
 */
export async function certifyPartner(host: Host, input: CertifyPartnerInput, now: Date): Promise<CertifyPartnerOutput> {
  const jkt = thumbprint(input.publicKey);
  if (!checkProof(partnerChallenge(input), input.proof, input.publicKey))
    throw new Refused('BAD_SIGNATURE', { kid: jkt });
  checkFresh(input.at, now);
  const named = parseUrn(input.urn);
  const part = named?.name === 'am' || named?.name === 'sm' ? named.name : null;
  const authority = named?.site ?? '';
  if (!part || input.urn !== partnerUrn(host.authority, authority, part))
    throw new Refused('INVALID_INPUT', { field: 'urn', problem: 'not what a partner is called here' });
  return await inTransaction(host.pool, async (tx) => {
    if (!(await isPartnerKey(tx, { authority, part, jkt }))) throw new Refused('REVOKED', { kind: 'key', id: jkt });
    const issued = await issueCertificate({
      ca: host.ca,
      publicJwk: input.publicKey,
      urn: input.urn,
      ...certificateSpan(now),
    });
    const kind = part === 'am' ? 'partner_agent' : 'partner_manager';
    await recordCertificate(tx, issued, { urn: input.urn, kind, jkt });
    return { certificate: issued.pem, ca: host.ca.certificatePem };
  });
}
