'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { PartnerView } from '@/protocol/api/partners';
import { Refusal } from '../../refusal/refusal';
import { useTRPC } from '../../trpc/client';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { plural } from '../../ui/format';
import { type Ending, EndingFields } from './ending';

type EndDialogProps = { partner: PartnerView; act: 'revoke' | 'end'; onClose: () => void };

/** Takes back all that a partner has, or ends the partnership with it; what that does is said before. */
export function EndDialog({ partner, act, onClose }: EndDialogProps) {
  const [ending, setEnding] = useState<Ending>({ endLeases: false, reason: '' });
  const trpc = useTRPC();
  const cache = useQueryClient();
  const done = {
    onSuccess: async () => {
      await cache.invalidateQueries(trpc.partners.list.queryFilter());
      onClose();
    },
  };
  const revoke = useMutation(trpc.partners.revokeGrant.mutationOptions(done));
  const end = useMutation(trpc.partners.end.mutationOptions(done));
  const busy = revoke.isPending || end.isPending;
  const { nodes, slivers } = partner.given;
  const active = partner.state === 'active';
  const goes = nodes > 0 ? `${plural(nodes, 'node')} with ${plural(slivers, 'sliver')} of it` : '';
  const title =
    act === 'revoke'
      ? `Take back ${goes || 'what it has'} from ${partner.name}`
      : active
        ? `End the partnership with ${partner.name}`
        : `Give up on ${partner.name}`;
  return (
    <Dialog
      description={act === 'revoke' ? 'It stays a partner, and you can give it nodes again.' : words(partner, goes)}
      onOpenChange={(next) => !next && onClose()}
      open
      title={title}
    >
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          const input = { authority: partner.authority, ...ending };
          if (act === 'revoke') revoke.mutate(input);
          else end.mutate(input);
        }}
      >
        {nodes > 0 && <EndingFields onChange={setEnding} value={ending} />}
        <Refusal error={revoke.error ?? end.error} />
        <div className="flex justify-end gap-2">
          <Button kind="quiet" onClick={onClose}>
            Keep it
          </Button>
          <Button busy={busy} kind="danger" type="submit">
            {act === 'revoke' ? 'Take all back' : active ? 'End the partnership' : 'Give up'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function words(partner: PartnerView, goes: string): string {
  if (partner.state !== 'active') return 'Its token stops working. You can invite or join it again.';
  const parts = [
    goes && `${goes} are taken back.`,
    partner.takes &&
      'Its certificates stop counting now: it reaches neither our agent nor our nodes, also not for slivers that run on.',
    partner.gives && `${plural(partner.got.nodes, 'node')} of it leave our fleet; tell its operator too.`,
    'To start again, one invites the other anew.',
  ];
  return parts.filter(Boolean).join(' ');
}
