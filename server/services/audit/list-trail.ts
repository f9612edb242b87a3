import type { z } from 'zod';
import { AUDIT_COUNTED, type AuditListInput, type AuditPage } from '@/protocol/api/audit';
import { countTrail, findTrail } from '@/server/data/audit-trail';
import type { Tx } from '@/server/db';
import type { Person } from '@/server/services/policy';
import { auditSight } from './sight';

/** Who did what to which object, newest first: what this person may see of it. */
export async function listTrail(db: Tx, person: Person, input: z.infer<typeof AuditListInput>): Promise<AuditPage> {
  const { cursor, limit, ...filter } = input;
  const sight = auditSight(person);
  const rows = await findTrail(db, sight, filter, { before: cursor, limit: limit + 1 });
  const count = await countTrail(db, sight, filter, AUDIT_COUNTED);
  const shown = rows.slice(0, limit).map(({ at, ...row }) => ({ ...row, at: new Date(at) }));
  return { rows: shown, next: rows.length > limit ? (shown.at(-1)?.seq ?? null) : null, count };
}
