import type { Tx } from '@/server/db';

export type AuditRow = {
  at: Date;
  actorId: string | null;
  actor: string;
  action: string;
  objectKind: string;
  objectId: string;
  siteId: string | null;
  facts: Record<string, string | number | boolean | null | string[]>;
};

export async function insertAuditEvent(tx: Tx, row: AuditRow): Promise<void> {
  await tx.auditEvent.create({ data: row });
}
