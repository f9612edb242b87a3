import type pg from 'pg';
import { caFingerprint } from '@/protocol/pki/certificate';
import { newEnrolmentSecret } from '@/protocol/pki/enrolment-token';
import { encodePartnerToken } from '@/protocol/pki/partner-token';
import { seal } from '@/protocol/seal';
import type { agentFixture } from '../test-fleet';

type Fleet = Awaited<ReturnType<typeof agentFixture>>;

/** What an operator of `host` does to invite `guest`: the token, and its secret. For tests. */
export async function inviteGuest(host: Fleet, pool: pg.Pool, guest: string, minutes = 60) {
  const { secret, secretHash } = newEnrolmentSecret();
  await pool.query(
    `INSERT INTO "Partner" (id, authority, name, state, "inviteHash", "inviteUntil")
     VALUES (gen_random_uuid(), $1, $1, 'invited', $2, now() + make_interval(mins => $3))
     ON CONFLICT (authority) DO UPDATE SET state = 'invited', "inviteHash" = $2, "inviteUntil" = now() + make_interval(mins => $3), "inviteUsedAt" = NULL`,
    [guest, secretHash, minutes],
  );
  const token = encodePartnerToken({
    v: 1,
    authority: host.authority,
    partner: guest,
    agent: host.agent.address,
    ca: caFingerprint(host.ca.certificatePem),
    secret,
  });
  return { secret, token };
}

/** What an operator of `guest` does with the token. */
export async function pasteToken(guest: Fleet, pool: pg.Pool, host: string, token: string): Promise<void> {
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO "Partner" (id, authority, name, state) VALUES (gen_random_uuid(), $1, $1, 'joining')
     ON CONFLICT (authority) DO UPDATE SET state = 'joining' RETURNING id::text`,
    [host],
  );
  const id = rows[0]?.id ?? '';
  await pool.query(
    `INSERT INTO "SealedSecret" (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET sealed = $2`,
    [`partner:${id}`, seal(`partner:${id}`, Buffer.from(token), guest.sealKey)],
  );
}
