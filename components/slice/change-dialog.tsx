'use client';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { SliceView, SliverRow } from '@/protocol/api/slice';
import { useTRPC } from '../trpc/client';
import { Dialog } from '../ui/dialog';
import { plural } from '../ui/format';
import { toast } from '../ui/toast';
import { GrowForm } from './grow-form';
import { ShrinkForm } from './shrink-form';

type ChangeDialogProps = { slice: SliceView; rows: readonly SliverRow[]; open: boolean; onClose: () => void };

/** More slivers, or fewer. */
export function ChangeDialog({ slice, rows, open, onClose }: ChangeDialogProps) {
  const [way, setWay] = useState<'more' | 'fewer'>('more');
  const trpc = useTRPC();
  const cache = useQueryClient();
  const done = (words: string, description: string) => {
    onClose();
    toast(words, { description });
    void cache.invalidateQueries(trpc.slices.pathFilter());
    void cache.invalidateQueries(trpc.approvals.pathFilter());
  };
  return (
    <Dialog
      description={`It has ${plural(slice.sliverCount, 'sliver')}, and was approved for ${slice.approvedCount}.`}
      onOpenChange={(next) => !next && onClose()}
      open={open}
      title={
        <>
          Change <code>{slice.name}</code>
        </>
      }
    >
      <fieldset className="mb-4 flex gap-4">
        <legend className="sr-only">What to change</legend>
        {(['more', 'fewer'] as const).map((one) => (
          <label className="flex items-center gap-2" key={one}>
            <input
              checked={way === one}
              className="accent-accent"
              name="way"
              onChange={() => setWay(one)}
              type="radio"
              value={one}
            />
            {one === 'more' ? 'More slivers' : 'Fewer slivers'}
          </label>
        ))}
      </fieldset>
      {way === 'more' ? (
        <GrowForm onClose={onClose} onDone={done} slice={slice} />
      ) : (
        <ShrinkForm onClose={onClose} onDone={done} rows={rows} slice={slice} />
      )}
    </Dialog>
  );
}
