'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { movesAtOnce } from '@/core/slice/change';
import type { SliceView, SliverRow } from '@/protocol/api/slice';
import { useFleet } from '../fleet/use-fleet';
import { Refusal } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { Confirm, Dialog } from '../ui/dialog';
import { Field } from '../ui/field';
import { plural } from '../ui/format';
import { Input } from '../ui/input';
import { toast } from '../ui/toast';
import { nodesNamed } from './node-names';
import { Going } from './shrink-form';
import { useShrink } from './use-shrink';

type SliversDialogProps = {
  slice: SliceView;
  /** The slivers that it is about; none: it is closed. */
  rows: readonly SliverRow[];
  open: boolean;
  onClose: () => void;
  onDone: () => void;
};

/** Moves slivers to other nodes, and says what that means before it does. */
export function MoveDialog({ slice, rows, open, onClose, onDone }: SliversDialogProps) {
  const [target, setTarget] = useState('');
  const trpc = useTRPC();
  const cache = useQueryClient();
  const fleet = useFleet();
  const named = nodesNamed(target, fleet.data ?? []);
  const wrong = target.trim() !== '' && named.urns.length !== 1 ? 'Name one node, or leave it empty.' : undefined;
  const move = useMutation(
    trpc.changes.move.mutationOptions({
      onSuccess: ({ moves, atOnce }) => {
        toast(`${plural(moves.length, 'sliver is', 'slivers are')} on the way`, {
          description:
            atOnce < moves.length
              ? `${atOnce} at a time, the others as these are through.`
              : 'Each stays until its new one runs.',
        });
        setTarget('');
        onDone();
        void cache.invalidateQueries(trpc.slices.pathFilter());
      },
    }),
  );
  const atOnce = Math.min(rows.length, movesAtOnce(slice.sliverCount));
  return (
    <Dialog
      description="Each new sliver runs on another node before the old one goes. Files do not move: what is stored on the old one is lost, so copy what you need first."
      onOpenChange={(next) => !next && onClose()}
      open={open}
      title={
        rows.length === 1 ? <>Move the sliver on {rows[0]?.node.hostname}</> : `Move ${plural(rows.length, 'sliver')}`
      }
    >
      <form
        className="flex flex-col gap-4"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const [to] = named.urns;
          if (!wrong) move.mutate({ name: slice.name, slivers: rows.map((r) => r.id), ...(to && { to }) });
        }}
      >
        {rows.length > 1 && (
          <ul className="max-h-40 overflow-y-auto border-line border-y text-table">
            {rows.map((r) => (
              <li className="break-all py-1 font-mono" key={r.id}>
                {r.node.hostname}
              </li>
            ))}
          </ul>
        )}
        {rows.length === 1 ? (
          <Field
            error={wrong}
            hint="Left empty, the broker chooses one as the slice’s request says."
            label="To this node"
            optional
          >
            {(aria) => <Input {...aria} maxLength={256} onChange={(e) => setTarget(e.target.value)} value={target} />}
          </Field>
        ) : (
          <p className="text-soft text-table">
            The broker chooses where, as the slice’s request says. At most {plural(atOnce, 'moves', 'move')} at a time;
            until the old one goes both run, and count once against the quota.
          </p>
        )}
        <Refusal error={move.error} />
        <div className="flex justify-end gap-2">
          <Button kind="quiet" onClick={onClose}>
            Not now
          </Button>
          <Button busy={move.isPending} kind="primary" type="submit">
            Move
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Gives up the slivers that were chosen. */
export function GiveUpDialog({ slice, rows, open, onClose, onDone }: SliversDialogProps) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const shrink = useShrink((words, description) => {
    toast(words, { description });
    onDone();
    void cache.invalidateQueries(trpc.slices.pathFilter());
  }, slice.name);
  return (
    <Confirm
      act="Give up"
      keep={rows.length === 1 ? 'Keep it' : 'Keep them'}
      busy={shrink.isPending}
      onConfirm={() => shrink.mutate({ name: slice.name, slivers: rows.map((r) => r.id), emptyPlaces: 0 })}
      onOpenChange={(next) => !next && onClose()}
      open={open}
      problem={
        <>
          <Going emptyPlaces={0} slice={slice} slivers={rows.map((row) => ({ row }))} />
          <Refusal error={shrink.error} />
        </>
      }
      title={
        <>
          Give up {plural(rows.length, 'sliver')} of <code>{slice.name}</code>
        </>
      }
    />
  );
}
