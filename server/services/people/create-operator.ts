import { findUserByEmail, updateOperator } from '@/server/data/people';
import type { Db } from '@/server/db';
import { audit } from '../audit';
import { inviteLink, issueInvite } from '../invites/issue-invite';
import { createAccount, passwordHash } from './create-account';

export type OperatorMade =
  | { how: 'account'; id: string; email: string }
  | { how: 'promoted'; id: string; email: string }
  | { how: 'invited'; email: string; link: string; expiresAt: Date };

/**
 * Makes an operator without anybody signed in: whoever may write to the database may do this. With a password the account
 * is made at once; without one the answer holds a one-time link. An account that is there is made operator (its
 * password stays). Idempotent but for a new link each time.
 */
export async function createOperator(
  db: Db,
  who: { email: string; name: string; password?: string | undefined },
  origin: string,
  now: Date,
): Promise<OperatorMade> {
  const email = who.email.trim().toLowerCase();
  const hash = who.password === undefined ? null : await passwordHash(who.password);
  return db.$transaction(async (tx) => {
    const there = await findUserByEmail(tx, email);
    if (there) {
      if (!there.operator) {
        await updateOperator(tx, there.id);
        await audit(tx, 'command', 'operator.promote', { kind: 'person', id: there.id }, { email }, now);
      }
      return { how: 'promoted', id: there.id, email };
    }
    if (hash === null) {
      const invite = await issueInvite(tx, { email, siteId: null, role: null, operator: true, invitedById: null }, now);
      await audit(tx, 'command', 'invite.create', { kind: 'invite', id: invite.id }, { email, operator: true }, now);
      return { how: 'invited', email, link: inviteLink(origin, invite.token), expiresAt: invite.expiresAt };
    }
    const account = await createAccount(tx, { email, name: who.name, passwordHash: hash, operator: true }, now);
    await audit(tx, 'command', 'operator.create', { kind: 'person', id: account.id }, { email }, now);
    return { how: 'account', id: account.id, email };
  });
}
