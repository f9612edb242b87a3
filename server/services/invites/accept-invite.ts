import { Refused } from '@/core/errors';
import { findOpenInvite, updateAccepted } from '@/server/data/invites';
import { findUserByEmail, updateOperator, upsertMembership } from '@/server/data/people';
import type { Db } from '@/server/db';
import { notify } from '@/server/notify';
import { audit } from '../audit';
import { createAccount, passwordHash } from '../people/create-account';
import type { Person } from '../policy';
import { hashSecret } from '../secret-token';

type Acceptance = { token: string; name?: string | undefined; password?: string | undefined };

/**
 * Takes up an invite, once. Without an account one is made from name and password; an account that is there already must be
 * signed in: holding the link alone gives no power over it.
 * @throws Refused INVITE_INVALID, NOT_SIGNED_IN, NOT_ALLOWED (signed in as somebody else), INVALID_INPUT
 */
export async function acceptInvite(
  db: Db,
  person: Person | null,
  input: Acceptance,
  now: Date,
): Promise<{ email: string; site: string | null }> {
  const invite = await findOpenInvite(db, hashSecret(input.token), now);
  if (!invite) throw new Refused('INVITE_INVALID');
  const user = await findUserByEmail(db, invite.email);
  if (user && !person) throw new Refused('NOT_SIGNED_IN');
  if (user && person?.id !== user.id) throw new Refused('NOT_ALLOWED', { permission: 'invite.accept' });
  const fresh = user
    ? null
    : { name: required('name', input.name), passwordHash: await passwordHash(required('password', input.password)) };
  return db.$transaction(async (tx) => {
    // Conditional: of two who hold the link, one gets in.
    if (!(await updateAccepted(tx, invite.id, now))) throw new Refused('INVITE_INVALID');
    const account = fresh ? await createAccount(tx, { email: invite.email, ...fresh }, now) : user;
    if (!account) throw new Refused('INVITE_INVALID');
    if (invite.operator) await updateOperator(tx, account.id);
    if (invite.siteId && invite.role) await upsertMembership(tx, account.id, invite.siteId, invite.role);
    const facts = {
      role: invite.role,
      operator: invite.operator,
      site: invite.site?.loginBase ?? null,
      newAccount: fresh !== null,
    };
    await audit(tx, account, 'invite.accept', { kind: 'person', id: account.id, siteId: invite.siteId }, facts, now);
    await notify(tx, { k: 'user', id: account.id });
    return { email: invite.email, site: invite.site?.loginBase ?? null };
  });
}

function required(field: 'name' | 'password', value: string | undefined): string {
  if (value === undefined) throw new Refused('INVALID_INPUT', { field, problem: 'is needed for a new account' });
  return value;
}
