import { Refused } from '@/core/errors';
import type { SliceView } from '@/protocol/api/slice';
import { enqueue } from '@/server/data/jobs';
import { addSliceMember, findAccountByEmail, removeSliceMember } from '@/server/data/slice-changes';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db, Tx } from '@/server/db';
import { notify } from '@/server/notify';
import { audit } from '@/server/services/audit';
import { tell } from '@/server/services/notifications';
import type { Person } from '@/server/services/policy';
import { viewSlice } from './view-slice';

/** Adds the person with this e-mail address to the slice; their keys go to its nodes. Idempotent. @throws Refused NOT_FOUND */
export async function addMember(
  db: Db,
  by: Person,
  slice: SliceFactsRow,
  email: string,
  now: Date,
): Promise<SliceView> {
  await db.$transaction(async (tx) => {
    const account = await findAccountByEmail(tx, email);
    if (!account) throw new Refused('NOT_FOUND', { kind: 'person', id: email });
    if (!(await addSliceMember(tx, slice.id, account.id))) return;
    await changed(tx, by, slice, 'slice.member.added', account, now);
    if (account.id === by.id) return;
    const facts = { slice: slice.name, by: by.name };
    await tell(tx, [account.id], { kind: 'member-added', facts, href: `/slices/${slice.name}`, createdAt: now });
  });
  return viewSlice(db, by, slice.id);
}

/**
 * Takes the person with this e-mail address off the slice, and their keys off its nodes. Idempotent. Never the owner.
 * @throws Refused CONFLICT for the owner, NOT_FOUND
 */
export async function removeMember(
  db: Db,
  by: Person,
  slice: SliceFactsRow,
  email: string,
  now: Date,
): Promise<SliceView> {
  await db.$transaction(async (tx) => {
    const account = await findAccountByEmail(tx, email);
    if (!account) throw new Refused('NOT_FOUND', { kind: 'person', id: email });
    if (account.id === slice.ownerId) {
      throw new Refused('CONFLICT', {
        kind: 'member',
        problem: 'the owner stays a member: who asked for a slice answers for it',
      });
    }
    if (await removeSliceMember(tx, slice.id, account.id))
      await changed(tx, by, slice, 'slice.member.removed', account, now);
  });
  return viewSlice(db, by, slice.id);
}

async function changed(
  tx: Tx,
  by: Person,
  slice: SliceFactsRow,
  action: string,
  account: { id: string; email: string },
  now: Date,
): Promise<void> {
  await audit(tx, by, action, { kind: 'slice', id: slice.name, siteId: slice.siteId }, { member: account.email }, now);
  await enqueue(tx, [{ task: 'set-keys', sliceId: slice.id }]);
  await notify(tx, { k: 'slice', slice: slice.id });
  await notify(tx, { k: 'user', id: account.id });
}
