import { jsonbText } from './jsonb-text';

/** A row of the audit trail, as it is hashed. `at`: ISO 8601 in UTC with milliseconds. `id` as decimal digits. */
export type AuditedRow = {
  id: string;
  at: string;
  actorId: string | null;
  actor: string;
  action: string;
  objectKind: string;
  objectId: string;
  siteId: string | null;
  facts: unknown;
};

/**
 * The text of a row that its hash is taken of: every field as "<octets>:<value>" and a line feed, "-" for none, so that no two rows have
 * the same. The database's `audit_text` says the same (migration audit_chain).
 */
export function auditText(row: AuditedRow): string {
  const { id, at, actorId, actor, action, objectKind, objectId, siteId, facts } = row;
  return [id, at, actorId, actor, action, objectKind, objectId, siteId, jsonbText(facts)].map(field).join('');
}

const utf8 = new TextEncoder();

function field(value: string | null): string {
  return value === null ? '-\n' : `${utf8.encode(value).length}:${value}\n`;
}
