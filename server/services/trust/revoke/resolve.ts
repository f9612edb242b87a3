import { Refused } from '@/core/errors';
import type { RevokeTarget } from '@/protocol/api/revocations';
import { findTarget } from '@/server/data/revoke/resolve';
import type { Tx } from '@/server/db';
import type { Person } from '@/server/services/policy';
import { scopeOf } from './scope';

/** The target that somebody names, for who may take it back. @throws Refused NOT_FOUND, NOT_ALLOWED */
export async function resolveTarget(
  tx: Tx,
  person: Person,
  input: { kind: RevokeTarget['kind']; name: string; agent: string | null },
): Promise<RevokeTarget> {
  const target = await findTarget(tx, input.kind, input.name, { agent: input.agent, userId: person.id });
  if (!target) throw new Refused('NOT_FOUND', { kind: input.kind, id: input.name });
  await scopeOf(tx, person, target);
  return target;
}
