import { type AuditRow, insertAuditEvent } from '@/server/data/audit-events';
import type { Tx } from '@/server/db';

/** Who did it: a person, or a part of the system ("command", "worker"). */
export type Actor = { id: string; email: string } | string;

/**
 * Writes what was done into the append-only audit log, in the transaction that did it: no change without its line, no line
 * without its change. Facts must hold no secret.
 */
export function audit(
  tx: Tx,
  by: Actor,
  action: string,
  object: { kind: string; id: string; siteId?: string | null },
  facts: AuditRow['facts'],
  now: Date,
): Promise<void> {
  const actor = typeof by === 'string' ? { actorId: null, actor: by } : { actorId: by.id, actor: by.email };
  return insertAuditEvent(tx, {
    ...actor,
    at: now,
    action,
    objectKind: object.kind,
    objectId: object.id,
    siteId: object.siteId ?? null,
    facts,
  });
}
