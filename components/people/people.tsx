'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Me, SiteView } from '@/protocol/api/people';
import { Refusal } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { Confirm } from '../ui/dialog';
import { plural } from '../ui/format';
import { Section } from '../ui/page';
import { type Column, Table } from '../ui/table';
import { Time } from '../ui/time';

export const ROLE = { researcher: 'Researcher', pi: 'PI', tech: 'Tech' } as const;
export const ROLE_MEANS = {
  researcher: 'asks for slices and uses them',
  pi: 'decides requests, invites people, answers for the site',
  tech: 'runs the site’s nodes',
} as const;

type Person = SiteView['people'][number];

/** Who belongs to the site, in which role. */
export function People({ site, me }: { site: SiteView; me: Me }) {
  const [going, setGoing] = useState<Person | null>(null);
  const trpc = useTRPC();
  const cache = useQueryClient();
  const remove = useMutation(
    trpc.sites.removeMember.mutationOptions({
      onSuccess: (view) => {
        cache.setQueryData(trpc.sites.get.queryKey({ loginBase: site.loginBase }), view);
        setGoing(null);
      },
    }),
  );
  const columns: readonly Column<Person>[] = [
    { id: 'name', header: 'Name', sort: (p) => p.name, cell: (p) => <span className="font-medium">{p.name}</span> },
    {
      id: 'email',
      header: 'E-mail',
      from: 'sm',
      sort: (p) => p.email,
      cell: (p) => <span className="text-soft">{p.email}</span>,
    },
    {
      id: 'role',
      header: 'Role',
      width: 110,
      sort: (p) => p.role,
      cell: (p) => <span title={ROLE_MEANS[p.role]}>{ROLE[p.role]}</span>,
    },
    {
      id: 'since',
      header: 'Since',
      width: 130,
      align: 'right',
      from: 'md',
      sort: (p) => p.since.getTime(),
      cell: (p) => <Time at={p.since} />,
    },
    ...(site.may.people
      ? [
          {
            id: 'act',
            header: <span className="sr-only">Remove</span>,
            width: 92,
            align: 'right' as const,
            cell: (p: Person) =>
              p.id === me.person.id ? (
                <span className="pr-2 text-faint">you</span>
              ) : (
                <Button aria-label={`Remove ${p.name}`} kind="quiet" onClick={() => setGoing(p)} size="sm">
                  Remove
                </Button>
              ),
          },
        ]
      : []),
  ];
  return (
    <Section aside={plural(new Set(site.people.map((p) => p.id)).size, 'person', 'people')} title="People">
      <Table
        caption={`People of ${site.name}`}
        columns={columns}
        empty="Nobody yet. Invite the first PI."
        rowKey={(p) => p.id + p.role}
        rows={site.people}
        sortDefault="name"
        sortParam="people"
      />
      <Confirm
        act="Remove"
        busy={remove.isPending}
        description="Their account and the slices they are a member of stay; they lose this role at the site at once."
        onConfirm={() => going && remove.mutate({ loginBase: site.loginBase, userId: going.id, role: going.role })}
        onOpenChange={(open) => !open && setGoing(null)}
        open={going !== null}
        problem={<Refusal error={remove.error} />}
        title={going && `Remove ${going.name} as ${ROLE[going.role]} of ${site.name}`}
      />
    </Section>
  );
}
