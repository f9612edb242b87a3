import { Refused } from '@/core/errors';
import { sentence } from '@/core/refusal-sentence';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';
import { audit } from '@/server/services/audit';
import type { Person } from '@/server/services/policy';

type Asked = {
  action: string;
  slice: Pick<SliceFactsRow, 'name' | 'siteId'>;
  facts: Record<string, unknown>;
  now: Date;
};

/**
 * Asks a node for what no transaction of ours can hold. The audit log keeps who asked for what before the node is called, so that nothing is
 * done unrecorded; and when it was not done, `<action>.refused` with why in words. @throws whatever the call throws
 */
export async function auditedCall<T>(
  db: Db,
  person: Person,
  { action, slice, facts, now }: Asked,
  call: () => Promise<T>,
): Promise<T> {
  const object = { kind: 'slice', id: slice.name, siteId: slice.siteId };
  await db.$transaction((tx) => audit(tx, person, action, object, { ...facts, state: 'asked' }, now));
  try {
    return await call();
  } catch (err) {
    const why = err instanceof Refused ? sentence(err.reason) : 'Something went wrong on our side.';
    await db.$transaction((tx) => audit(tx, person, `${action}.refused`, object, { ...facts, why }, new Date()));
    throw err;
  }
}
