'use client';
import { useQuery } from '@tanstack/react-query';
import { Command } from 'cmdk';
import { Building2, Layers, type LucideIcon, Plus, Search as SearchIcon, Server, UserRound } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { Dialog } from 'radix-ui';
import { useEffect, useState } from 'react';
import type { Me } from '@/protocol/api/people';
import { useTRPC } from '../trpc/client';
import { asks, placesFor } from './places';

const NODES_SHOWN = 20;

/** ⌘K / Ctrl-K: pages, slices, nodes and sites by name. */
export function Search({ me }: { me: Me }) {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      setOpen((o) => !o);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
  return (
    <Dialog.Root onOpenChange={setOpen} open={open}>
      <Dialog.Trigger
        aria-keyshortcuts="Control+K Meta+K"
        className="flex h-8 items-center gap-2 rounded border border-line bg-raised px-2.5 text-faint hover:border-line-strong max-sm:size-9 max-sm:justify-center max-sm:border-transparent max-sm:bg-transparent sm:w-56"
      >
        <SearchIcon aria-hidden="true" className="size-4 shrink-0" />
        <span className="flex-1 text-left max-sm:sr-only">Search</span>
        <kbd className="text-table max-sm:hidden">Ctrl K</kbd>
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-veil" />
        <Dialog.Content
          aria-describedby={undefined}
          className="float-in fixed top-[10vh] left-1/2 z-50 w-[min(36rem,calc(100vw-2rem))] -translate-x-1/2 overflow-hidden rounded border border-line bg-raised shadow-float"
        >
          <Dialog.Title className="sr-only">Search</Dialog.Title>
          <Results me={me} onDone={() => setOpen(false)} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Results({ me, onDone }: { me: Me; onDone: () => void }) {
  const [text, setText] = useState('');
  const trpc = useTRPC();
  const router = useRouter();
  const slices = useQuery(trpc.slices.list.queryOptions({ scope: me.person.operator ? 'all' : 'mine' }));
  const sites = useQuery(trpc.sites.list.queryOptions());
  const nodes = useQuery(trpc.fleet.nodes.queryOptions());
  const go = (href: string) => {
    onDone();
    router.push(href);
  };
  // Thousands of nodes are narrowed before they are drawn.
  const wanted = text.trim().toLowerCase();
  const found =
    wanted.length < 2
      ? []
      : (nodes.data ?? [])
          .filter((n) => `${n.hostname} ${n.site} ${n.city}`.toLowerCase().includes(wanted))
          .slice(0, NODES_SHOWN);
  return (
    <Command label="Search">
      <Command.Input
        className="h-12 w-full border-line border-b bg-transparent px-4 text-body outline-none"
        onValueChange={setText}
        placeholder="A page, slice, node or site"
        value={text}
      />
      <Command.List className="max-h-[50vh] overflow-y-auto p-1.5">
        <Command.Empty className="px-3 py-6 text-soft">Nothing has that name.</Command.Empty>
        <Group heading="Pages">
          {asks(me) && (
            <Hit icon={Plus} onSelect={() => go('/slices/new')} value="page Ask for a slice" words="Ask for a slice" />
          )}
          {placesFor(me).map((p) => (
            <Hit icon={p.icon} key={p.href} onSelect={() => go(p.href)} value={`page ${p.word}`} words={p.word} />
          ))}
          <Hit icon={UserRound} onSelect={() => go('/account')} value="page Account" words="Account" />
        </Group>
        {slices.data && slices.data.length > 0 && (
          <Group heading="Slices">
            {slices.data.map((s) => (
              <Hit
                detail={s.state}
                icon={Layers}
                key={s.id}
                mono
                onSelect={() => go(`/slices/${s.name}`)}
                value={`slice ${s.name}`}
                words={s.name}
              />
            ))}
          </Group>
        )}
        {found.length > 0 && (
          <Group heading="Nodes">
            {found.map((n) => (
              <Hit
                detail={[n.city, n.country].filter(Boolean).join(', ')}
                icon={Server}
                key={n.id}
                mono
                onSelect={() => go(`/nodes/${n.id}`)}
                value={`node ${n.hostname} ${n.site} ${n.city ?? ''} ${n.id}`}
                words={n.hostname}
              />
            ))}
          </Group>
        )}
        {sites.data && sites.data.length > 0 && (
          <Group heading="Sites">
            {sites.data.map((s) => (
              <Hit
                detail={s.loginBase}
                icon={Building2}
                key={s.id}
                onSelect={() => go(`/sites/${s.loginBase}`)}
                value={`site ${s.name} ${s.loginBase}`}
                words={s.name}
              />
            ))}
          </Group>
        )}
      </Command.List>
    </Command>
  );
}

function Group({ heading, children }: { heading: string; children: React.ReactNode }) {
  return (
    <Command.Group
      className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-faint [&_[cmdk-group-heading]]:text-table"
      heading={heading}
    >
      {children}
    </Command.Group>
  );
}

type HitProps = {
  icon: LucideIcon;
  words: string;
  detail?: string;
  mono?: boolean;
  value: string;
  onSelect: () => void;
};

function Hit({ icon: Icon, words, detail, mono, value, onSelect }: HitProps) {
  return (
    <Command.Item
      className="flex h-9 cursor-pointer items-center gap-3 rounded px-2.5 data-[selected=true]:bg-hover"
      onSelect={onSelect}
      value={value}
    >
      <Icon aria-hidden="true" className="size-4 shrink-0 text-faint" />
      <span className={mono ? 'flex-1 truncate font-mono text-table' : 'flex-1 truncate'}>{words}</span>
      {detail && <span className="truncate text-faint text-table">{detail}</span>}
    </Command.Item>
  );
}
