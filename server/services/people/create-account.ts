import { hashPassword } from 'better-auth/crypto';
import { Refused } from '@/core/errors';
import { formatUrn } from '@/core/identity/urn';
import { findUserByEmail, insertUser, lockUrns } from '@/server/data/people';
import type { Tx } from '@/server/db';
import { urnAuthority } from '@/server/env';

export const PASSWORD_MIN = 12;
export const PASSWORD_MAX = 128;

/** Hashes as better-auth's sign-in verifies (scrypt). Takes ~50 ms on purpose: do it before the transaction. */
export async function passwordHash(password: string): Promise<string> {
  if (password.length < PASSWORD_MIN || password.length > PASSWORD_MAX) {
    const problem = `must have ${PASSWORD_MIN} to ${PASSWORD_MAX} characters`;
    throw new Refused('INVALID_INPUT', { field: 'password', problem });
  }
  return await hashPassword(password);
}

/**
 * Makes an account with a password and mints its URN. The only way an account comes to be: sign-up is closed.
 * @throws Refused CONFLICT when the e-mail address has an account
 */
export async function createAccount(
  tx: Tx,
  account: { name: string; email: string; passwordHash: string; operator?: boolean },
  now: Date,
): Promise<{ id: string; email: string; urn: string }> {
  const email = account.email.trim().toLowerCase();
  if (await findUserByEmail(tx, email)) {
    throw new Refused('CONFLICT', {
      kind: 'account',
      id: email,
      problem: 'there is an account with this address already',
    });
  }
  const urn = await mintUrn(tx, email);
  const id = crypto.randomUUID();
  await insertUser(tx, {
    id,
    email,
    urn,
    name: account.name,
    operator: account.operator ?? false,
    passwordHash: account.passwordHash,
    now,
  });
  return { id, email, urn };
}

/** `…+user+<local part>`, with a number when that is taken: URNs are for ever, so they are not made of the whole address. */
async function mintUrn(tx: Tx, email: string): Promise<string> {
  const local =
    email
      .split('@')[0]
      ?.replace(/[^a-z0-9._-]/g, '')
      .slice(0, 60) || 'person';
  const base = formatUrn({ authority: urnAuthority(), kind: 'user', name: local });
  const taken = await lockUrns(tx, base);
  let urn = base;
  for (let n = 2; taken.has(urn); n++) urn = `${base}-${n}`;
  return urn;
}
