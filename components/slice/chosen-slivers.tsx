'use client';
import { useState } from 'react';
import type { SliceView, SliverRow } from '@/protocol/api/slice';
import { Button } from '../ui/button';
import { plural } from '../ui/format';
import { GiveUpDialog, MoveDialog } from './move-dialog';

/** What may be done with the slivers that are chosen. `onClear`: none is chosen any more. */
export function ChosenSlivers({
  slice,
  rows,
  onClear,
}: {
  slice: SliceView;
  rows: readonly SliverRow[];
  onClear?: () => void;
}) {
  const [asking, setAsking] = useState<'move' | 'give-up' | null>(null);
  const close = () => setAsking(null);
  const done = () => {
    close();
    onClear?.();
  };
  return (
    <div className="flex flex-wrap items-center gap-2">
      {onClear && (
        <span className="text-table" role="status">
          {plural(rows.length, 'sliver')} chosen
        </span>
      )}
      {slice.may.move && (
        <Button onClick={() => setAsking('move')} size="sm">
          Move…
        </Button>
      )}
      {slice.may.change && (
        <Button
          disabled={rows.length >= slice.sliverCount}
          kind="danger-quiet"
          onClick={() => setAsking('give-up')}
          size="sm"
        >
          Give up…
        </Button>
      )}
      {onClear && (
        <Button kind="quiet" onClick={onClear} size="sm">
          Choose none
        </Button>
      )}
      <MoveDialog onClose={close} onDone={done} open={asking === 'move'} rows={rows} slice={slice} />
      <GiveUpDialog onClose={close} onDone={done} open={asking === 'give-up'} rows={rows} slice={slice} />
    </div>
  );
}
