import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export function acceptInvite(_db: Db, _person: Person | null, _input: { token: string; name?: string | undefined; password?: string | undefined }, _now: Date): Promise<{ email: string; site: string | null }> {
  throw new Error('acceptInvite is not built yet');
}
