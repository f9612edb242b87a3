'use client';
import { useEffect, useState } from 'react';
import type { AuditRow } from '@/protocol/api/audit';
import { CopyButton } from '../ui/copy-button';
import { Dialog } from '../ui/dialog';
import { exactUtc } from '../ui/format';
import { Fact, Facts } from '../ui/page';
import { StateMark } from '../ui/state-mark';
import { auditWords } from './audit-words';
import { isRowAsWritten } from './check-row';
import { ObjectLink } from './object-link';

/** One row of the trail, whole; its hash is made again in the browser. */
export function AuditRowDialog({ row, onClose }: { row: AuditRow | null; onClose: () => void }) {
  return (
    <Dialog
      onOpenChange={(open) => !open && onClose()}
      open={row !== null}
      title={row ? auditWords(row.action, row.facts) : ''}
    >
      {row && <Whole row={row} />}
    </Dialog>
  );
}

function Whole({ row }: { row: AuditRow }) {
  const facts = JSON.stringify(row.facts, null, 2);
  return (
    <div className="flex flex-col gap-4">
      <AsWritten row={row} />
      <Facts>
        <Fact name="When">
          <span className="tabular-nums">{exactUtc(row.at)}</span>
        </Fact>
        <Fact name="Who">{row.actorName ? `${row.actorName}, ${row.actor}` : row.actor}</Fact>
        <Fact name="What">
          <code>{row.action}</code>
        </Fact>
        <Fact name="On">
          {row.objectKind} <ObjectLink row={row} />
        </Fact>
        {row.site && <Fact name="Site">{row.site}</Fact>}
        <Fact name="Row">
          <span className="tabular-nums">{row.seq}</span>
        </Fact>
        <Fact name="Hash">
          <code className="break-all">{row.hash}</code>
        </Fact>
        <Fact name="Hash before">
          <code className="break-all">{row.prev}</code>
        </Fact>
      </Facts>
      <div>
        <div className="flex items-center justify-between">
          <h3 className="font-semibold">Facts</h3>
          <CopyButton text={JSON.stringify({ ...row, at: row.at.toISOString() })} what="the row as JSON" />
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long facts scroll, and a keyboard must reach them */}
        <pre className="max-h-80 overflow-auto rounded border border-line bg-sunken p-2.5 text-table" tabIndex={0}>
          {facts}
        </pre>
      </div>
    </div>
  );
}

function AsWritten({ row }: { row: AuditRow }) {
  const [holds, setHolds] = useState<boolean | null>(null);
  useEffect(() => {
    let stale = false;
    isRowAsWritten(row).then(
      (answer) => !stale && setHolds(answer),
      () => {}, // no WebCrypto here: nothing is said
    );
    return () => {
      stale = true;
    };
  }, [row]);
  if (holds === null) return null;
  return (
    <p role="status">
      <StateMark tone={holds ? 'running' : 'failed'}>
        {holds
          ? 'As it was written: its hash was made again in this browser.'
          : 'Not as it was written: its hash is another.'}
      </StateMark>
    </p>
  );
}
