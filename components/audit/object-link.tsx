import Link from 'next/link';
import type { AuditRow } from '@/protocol/api/audit';

type Named = Pick<AuditRow, 'objectKind' | 'objectId' | 'objectName' | 'nodeId'>;

/** What it was done to, as people call it, with a link where it has a page. */
export function ObjectLink({ row }: { row: Named }) {
  const to = pageOf(row);
  const name = row.objectName ?? row.objectId;
  if (!to) return <span title={row.objectId}>{name}</span>;
  return (
    <Link className="link font-mono" href={to} tabIndex={-1} title={row.objectId}>
      {name}
    </Link>
  );
}

function pageOf({ objectKind, objectId, nodeId }: Named): string | null {
  if (nodeId) return `/nodes/${nodeId}`;
  if (objectKind === 'slice') return `/slices/${encodeURIComponent(objectId)}`;
  return objectKind === 'site' ? `/sites/${encodeURIComponent(objectId)}` : null;
}
