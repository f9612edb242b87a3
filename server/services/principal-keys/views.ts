import type { DecidableKeyView, PrincipalKeyView } from '@/protocol/api/principal-keys';
import type { findPrincipalKeys } from '@/server/data/principal-keys';
import { may, type Person } from '../policy';

type Row = Awaited<ReturnType<typeof findPrincipalKeys>>[number];

/** A key as its person sees it. */
export function keyView({ userId: _, user: __, approvedBy, ...row }: Row): PrincipalKeyView {
  return { ...row, approvedBy: approvedBy?.name ?? null };
}

/** A key as those who decide see it. */
export function decidableView(row: Row, by: Person): DecidableKeyView {
  const mayApprove = row.approvedAt === null && may(by, 'principalKey.approve', { ownerId: row.userId });
  return { ...keyView(row), person: row.user, mayApprove };
}
