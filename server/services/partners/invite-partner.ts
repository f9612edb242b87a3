import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { PartnerInviteAnswer, PartnerInviteInput } from '@/protocol/api/partners';
import { newEnrolmentSecret } from '@/protocol/pki/enrolment-token';
import { encodePartnerToken } from '@/protocol/pki/partner-token';
import { lockPartner, putInvite } from '@/server/data/partners';
import type { Db } from '@/server/db';
import { audit } from '../audit';
import type { EnrolmentAuthority } from '../fleet/enrolment';
import type { Person } from '../policy';
import { partnerView } from './partner-view';

/** Two operators have to talk: three days, then it lapses. */
const TOKEN_SECONDS = 3 * 86_400;

/**
 * Invites another deployment: a one-time token for its operator, shown once; of the secret only a hash is kept. An earlier token
 * for it that was not used yet works no more. @throws Refused INVALID_INPUT, CONFLICT
 */
export function invitePartner(
  db: Db,
  here: EnrolmentAuthority & { authority: string },
  by: Person,
  input: z.infer<typeof PartnerInviteInput>,
  now: Date,
): Promise<z.infer<typeof PartnerInviteAnswer>> {
  if (input.authority.toLowerCase() === here.authority.toLowerCase())
    throw new Refused('INVALID_INPUT', {
      field: 'authority',
      problem: `this deployment is called ${here.authority} itself; one of the two needs another MERIDIAN_AUTHORITY`,
    });
  const expiresAt = new Date(now.getTime() + TOKEN_SECONDS * 1000);
  const { secret, secretHash } = newEnrolmentSecret();
  return db.$transaction(async (tx) => {
    const known = await lockPartner(tx, input.authority);
    if (known?.state === 'joining')
      throw new Refused('CONFLICT', {
        kind: 'partner',
        id: input.authority,
        problem: 'is just being joined; wait for that',
      });
    await putInvite(tx, { ...input, inviteHash: secretHash, inviteUntil: expiresAt });
    const facts = { name: input.name, expiresAt: expiresAt.toISOString() };
    await audit(tx, by, 'partner.invite', { kind: 'partner', id: input.authority }, facts, now);
    const token = encodePartnerToken({
      v: 1,
      authority: here.authority,
      partner: input.authority,
      agent: here.agentAddress,
      ca: here.caFingerprint,
      secret,
    });
    return { partner: await partnerView(tx, input.authority), token, expiresAt };
  });
}
