import type { AuditFilter } from '@/protocol/api/audit';
import type { ChainedRow } from '@/protocol/audit/chain';
import { readTrail } from '@/server/data/audit-trail';
import type { Tx } from '@/server/db';
import type { Person } from '@/server/services/policy';
import { auditSight } from './sight';

export type ExportFormat = 'csv' | 'jsonl';

const AT_ONCE = 1_000;
const COLUMNS = [
  'seq',
  'at',
  'actor',
  'action',
  'objectKind',
  'objectId',
  'siteId',
  'facts',
  'id',
  'actorId',
  'prev',
  'hash',
] as const;

/** What this person may see of the trail, oldest first, as text piece by piece. A line of JSON can be checked by itself. */
export async function* exportTrail(
  db: Tx,
  person: Person,
  filter: AuditFilter,
  format: ExportFormat,
): AsyncGenerator<string> {
  const sight = auditSight(person);
  if (format === 'csv') yield `${COLUMNS.join(',')}\r\n`;
  for (let after = '0'; ; ) {
    const rows = await readTrail(db, sight, filter, { after, limit: AT_ONCE });
    if (rows.length > 0)
      yield rows.map((row) => (format === 'csv' ? csvLine(row) : `${JSON.stringify(row)}\n`)).join('');
    if (rows.length < AT_ONCE) return;
    after = rows.at(-1)?.seq ?? after;
  }
}

/** RFC 4180. A text that a spreadsheet would take for a formula is kept one by an apostrophe. */
function csvLine(row: ChainedRow): string {
  const cells = COLUMNS.map((name) => {
    const value = row[name];
    const text = value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
    const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  });
  return `${cells.join(',')}\r\n`;
}
