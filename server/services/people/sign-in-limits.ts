import { createHash } from 'node:crypto';
import { Refused } from '@/core/errors';
import { countAttempt, forgetAttempts, uncountAttempt } from '@/server/data/rate-limits';
import type { Tx } from '@/server/db';

/**
 * Brute force is slowed twice: guesses against one account from wherever, and guesses from one address against whatever
 * accounts. Only failures count for long: who gets in gives the attempt back, so that a campus behind one address can work.
 */
export const SIGN_IN_LIMITS = { windowSeconds: 900, perAccount: 10, perAddress: 50 } as const;

// The table keeps no e-mail addresses of people who have no account here.
const accountKey = (email: string) =>
  `sign-in|account|${createHash('sha256').update(email.trim().toLowerCase()).digest('base64url')}`;
const addressKey = (address: string) => `sign-in|address|${address}`;

/**
 * Counts an attempt before the password is looked at: simultaneous guesses cannot all pass a stale count.
 * @throws Refused RATE_LIMITED {retryAfterSeconds}
 */
export async function admitSignIn(db: Tx, email: string, address: string, now: number): Promise<void> {
  const { windowSeconds, perAccount, perAddress } = SIGN_IN_LIMITS;
  const limits = [
    [addressKey(address), perAddress],
    [accountKey(email), perAccount],
  ] as const;
  for (const [key, most] of limits) {
    const { count, beganAt } = await countAttempt(db, key, windowSeconds * 1000, now);
    if (count <= most) continue;
    const retryAfterSeconds = Math.max(1, Math.ceil((beganAt + windowSeconds * 1000 - now) / 1000));
    throw new Refused('RATE_LIMITED', { retryAfterSeconds });
  }
}

/** The password was right: the account starts afresh, the address gets this attempt back. */
export async function forgiveSignIn(db: Tx, email: string, address: string): Promise<void> {
  await forgetAttempts(db, accountKey(email));
  await uncountAttempt(db, addressKey(address));
}
