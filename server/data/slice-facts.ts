import type { Tx } from '@/server/db';

/** What policy and services need to know of a slice before anything else. */
export type SliceFactsRow = {
  id: string;
  name: string;
  urn: string;
  siteId: string;
  ownerId: string;
  memberIds: string[];
  state: string;
};

const OVER = ['rejected', 'withdrawn', 'deleted'] as const;

/** The live slice of that name, else the newest one that is over: names may be used again after a slice is over. */
export async function findSliceFacts(db: Tx, name: string): Promise<SliceFactsRow | null> {
  const select = {
    id: true,
    name: true,
    urn: true,
    siteId: true,
    ownerId: true,
    state: true,
    members: { select: { userId: true } },
  } as const;
  const row =
    (await db.slice.findFirst({ where: { name, state: { notIn: [...OVER] } }, select })) ??
    (await db.slice.findFirst({ where: { name }, orderBy: { createdAt: 'desc' }, select }));
  if (!row) return null;
  const { members, ...facts } = row;
  return { ...facts, memberIds: members.map((m) => m.userId) };
}
