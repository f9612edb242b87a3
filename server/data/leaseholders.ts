import type { Tx } from '../db';

/** The slice of each lease of a node's key, with its owner first and then its members; also of slices that are over. */
export async function findLeaseholders(db: Tx, iss: string, jtis: readonly string[]) {
  const person = { select: { id: true, name: true, email: true } };
  const leases = await db.lease.findMany({
    where: { iss, jti: { in: [...jtis] } },
    select: {
      jti: true,
      sliver: {
        select: {
          slice: { select: { name: true, state: true, owner: person, members: { select: { user: person } } } },
        },
      },
    },
  });
  return new Map(
    leases.map(({ jti, sliver: { slice } }) => [
      jti,
      {
        name: slice.name,
        state: slice.state,
        people: [slice.owner, ...slice.members.map((m) => m.user).filter((user) => user.id !== slice.owner.id)],
      },
    ]),
  );
}
