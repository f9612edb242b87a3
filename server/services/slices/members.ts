import type { SliceView } from '@/protocol/api/slice';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

/** Adds the person with this e-mail address to the slice. */
export function addMember(_db: Db, _by: Person, _slice: SliceFactsRow, _email: string, _now: Date): Promise<SliceView> {
  throw new Error('addMember is not built yet');
}

/** Takes the person with this e-mail address off the slice. Never the owner. */
export function removeMember(_db: Db, _by: Person, _slice: SliceFactsRow, _email: string, _now: Date): Promise<SliceView> {
  throw new Error('removeMember is not built yet');
}
