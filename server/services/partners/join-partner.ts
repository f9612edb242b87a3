import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { PartnerJoinInput, PartnerView } from '@/protocol/api/partners';
import { decodePartnerToken } from '@/protocol/pki/partner-token';
import { seal } from '@/protocol/seal';
import { lockPartner, putJoining } from '@/server/data/partners';
import type { Db } from '@/server/db';
import { audit } from '../audit';
import type { Person } from '../policy';
import { partnerView } from './partner-view';

/**
 * Takes a partner's token up. The agent does the joining, since it alone has its key: within a second or two the partner is active, or
 * says what is wrong. The token waits sealed for it. @throws Refused TOKEN_INVALID, CONFLICT
 */
export function joinPartner(
  db: Db,
  here: { authority: string; sealKey: Buffer },
  by: Person,
  input: z.infer<typeof PartnerJoinInput>,
  now: Date,
): Promise<PartnerView> {
  const token = decodePartnerToken(input.token);
  const { authority } = token;
  if (token.partner !== here.authority)
    throw new Refused('TOKEN_INVALID', {
      problem: `it is for ${token.partner}, and this deployment is called ${here.authority}`,
    });
  return db.$transaction(async (tx) => {
    const known = await lockPartner(tx, authority);
    if (known?.state === 'active' && known.gives)
      throw new Refused('CONFLICT', { kind: 'partner', id: authority, problem: 'is joined already' });
    const host = { authority, name: input.name ?? authority, agentAddress: token.agent };
    await putJoining(tx, host, (id) => seal(`partner:${id}`, Buffer.from(input.token.trim()), here.sealKey));
    await audit(
      tx,
      by,
      'partner.join',
      { kind: 'partner', id: authority },
      { address: token.agent, ca: token.ca },
      now,
    );
    return partnerView(tx, authority);
  });
}
