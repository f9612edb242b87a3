import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { InviteAnswer, InviteInput } from '@/protocol/api/people';
import { findPerson, findUserByEmail } from '@/server/data/people';
import { findSiteFacts } from '@/server/data/sites';
import type { Db } from '@/server/db';
import { webEnvironment } from '@/server/env';
import { audit } from '../audit';
import { demand, may, type Person } from '../policy';
import { inviteLink, issueInvite } from './issue-invite';

/**
 * Invites somebody to a site in a role, or to operate the deployment. The link is in the answer only.
 * @throws Refused INVALID_INPUT, NOT_FOUND, NOT_ALLOWED; CONFLICT when they have that role already
 */
export async function createInvite(
  db: Db,
  by: Person,
  input: z.infer<typeof InviteInput>,
  now: Date,
): Promise<z.infer<typeof InviteAnswer>> {
  const { loginBase, role, operator } = input;
  if ((loginBase === null) !== (role === null)) {
    throw new Refused('INVALID_INPUT', { field: 'role', problem: 'a site and a role go together' });
  }
  if (loginBase === null && !operator) {
    throw new Refused('INVALID_INPUT', { field: 'loginBase', problem: 'choose a site and a role' });
  }
  const site = loginBase === null ? null : await findSiteFacts(db, loginBase);
  if (loginBase !== null && !site) throw new Refused('NOT_FOUND', { kind: 'site', id: loginBase });
  const siteId = site?.siteId ?? null;
  demand(by, 'invite.create', { siteId, role, operator }, knownSite(by, site));
  await refuseIfThere(db, input.email, { siteId, role, operator });
  const { origin } = new URL(webEnvironment().MERIDIAN_URL);
  return db.$transaction(async (tx) => {
    const { id, token, expiresAt } = await issueInvite(
      tx,
      { email: input.email, siteId, role, operator, invitedById: by.id },
      now,
    );
    await audit(
      tx,
      by,
      'invite.create',
      { kind: 'invite', id, siteId },
      { email: input.email, role, operator, site: loginBase },
      now,
    );
    return { id, link: inviteLink(origin, token), expiresAt };
  });
}

function knownSite(by: Person, site: { siteId: string; loginBase: string } | null) {
  return site ? { kind: 'site', id: site.loginBase, visible: may(by, 'site.read', site) } : undefined;
}

async function refuseIfThere(
  db: Db,
  email: string,
  place: { siteId: string | null; role: string | null; operator: boolean },
): Promise<void> {
  const user = await findUserByEmail(db, email);
  const person = user && (await findPerson(db, user.id));
  if (!person) return;
  const there =
    place.siteId === null || person.memberships.some((m) => m.siteId === place.siteId && m.role === place.role);
  if (there && (!place.operator || person.operator)) {
    throw new Refused('CONFLICT', {
      kind: 'person',
      id: person.email,
      problem: 'has this role already, so no invitation is needed',
    });
  }
}
