import { auditText } from '@/core/audit/text';
import type { AuditRow } from '@/protocol/api/audit';

/** Is the row as it was written? SHA-256 of what stood before it and of its text, made here in the browser. */
export async function isRowAsWritten(row: AuditRow): Promise<boolean> {
  const text = new TextEncoder().encode(auditText({ ...row, at: row.at.toISOString() }));
  const before = Uint8Array.from(row.prev.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  const bytes = new Uint8Array(before.length + text.length);
  bytes.set(before);
  bytes.set(text, before.length);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('') === row.hash;
}
