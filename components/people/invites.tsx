'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { SiteView } from '@/protocol/api/people';
import { Refusal } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { plural } from '../ui/format';
import { Section } from '../ui/page';
import { Time } from '../ui/time';
import { ROLE } from './people';

/** Invitations that nobody has taken up yet. */
export function Invites({ site }: { site: SiteView }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const revoke = useMutation(
    trpc.invites.revoke.mutationOptions({ onSuccess: () => cache.invalidateQueries(trpc.sites.get.queryFilter()) }),
  );
  return (
    <Section aside={site.invites.length > 0 && plural(site.invites.length, 'invitation')} title="Open invitations">
      {site.invites.length === 0 && <p className="text-soft">None.</p>}
      {site.invites.length > 0 && (
        <ul className="border-line border-t text-table">
          {site.invites.map((i) => (
            <li className="flex min-h-9 flex-wrap items-center gap-x-4 border-line border-b py-1" key={i.id}>
              <span className="wrap-anywhere font-medium">{i.email}</span>
              <span className="min-w-0 flex-1 basis-60 text-soft">
                {i.operator ? 'operator' : i.role ? ROLE[i.role] : ''}
                {i.invitedBy && `, invited by ${i.invitedBy}`}, holds until <Time at={i.expiresAt} />
              </span>
              <Button
                aria-label={`Withdraw the invitation of ${i.email}`}
                busy={revoke.isPending && revoke.variables.id === i.id}
                kind="quiet"
                onClick={() => revoke.mutate({ id: i.id })}
                size="sm"
              >
                Withdraw
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Refusal error={revoke.error} />
    </Section>
  );
}
