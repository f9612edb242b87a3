'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Bell } from 'lucide-react';
import Link from 'next/link';
import { Popover } from 'radix-ui';
import { useState } from 'react';
import type { Me } from '@/protocol/api/people';
import { useTRPC } from '../trpc/client';
import { cn } from '../ui/cn';
import { count, plural } from '../ui/format';
import { Time } from '../ui/time';
import { noticeWords } from './notice-words';

/** What waits for this person: requests, ends, troubles, news. The number on the bell is their sum. */
export function NeedsMe({ me }: { me: Me }) {
  const [open, setOpen] = useState(false);
  const { approvals, endingSlices, degradedSlices, unread } = me.needsMe;
  const sum = approvals + endingSlices + degradedSlices + unread;
  const lines = [
    approvals > 0 && { href: '/approvals', words: `${plural(approvals, 'request waits', 'requests wait')} for you` },
    endingSlices > 0 && {
      href: '/slices',
      words: `${plural(endingSlices, 'slice ends', 'slices end')} within three days`,
    },
    degradedSlices > 0 && {
      href: '/slices?state=degraded',
      words: `${plural(degradedSlices, 'slice is', 'slices are')} not as asked for`,
    },
  ].filter((l) => l !== false);
  return (
    <Popover.Root onOpenChange={setOpen} open={open}>
      <Popover.Trigger
        aria-label={sum === 0 ? 'What needs me: nothing' : `What needs me: ${sum}`}
        className="relative flex size-9 shrink-0 items-center justify-center rounded text-soft hover:bg-hover hover:text-ink"
      >
        <Bell aria-hidden="true" className="size-[18px]" />
        {sum > 0 && (
          <span className="absolute top-0 right-0 min-w-4 rounded-full bg-accent px-1 text-center text-accent-ink text-table leading-4">
            {sum > 99 ? '99+' : count(sum)}
          </span>
        )}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          className="float-in z-50 max-h-[70vh] w-[min(24rem,calc(100vw-1.5rem))] overflow-y-auto rounded border border-line bg-raised shadow-float"
          collisionPadding={12}
          sideOffset={6}
        >
          {lines.length > 0 && (
            <ul className="border-line border-b p-1.5">
              {lines.map((l) => (
                <li key={l.href}>
                  <Link
                    className="flex min-h-9 items-center rounded px-2.5 font-medium hover:bg-hover"
                    href={l.href}
                    onClick={() => setOpen(false)}
                  >
                    {l.words}
                  </Link>
                </li>
              ))}
            </ul>
          )}
          {open && <Notices onDone={() => setOpen(false)} />}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Notices({ onDone }: { onDone: () => void }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const notices = useQuery(trpc.me.notifications.queryOptions());
  const read = useMutation(
    trpc.me.markRead.mutationOptions({ onSettled: () => cache.invalidateQueries(trpc.me.pathFilter()) }),
  );
  const unread = (notices.data ?? []).filter((n) => n.readAt === null).map((n) => n.id);
  if (notices.isPending) return <p className="px-4 py-5 text-soft">Reading…</p>;
  if (notices.isError)
    return <p className="px-4 py-5 text-soft">Your notices could not be read. Close this and open it again.</p>;
  if (notices.data.length === 0) return <p className="px-4 py-5 text-soft">Nothing new. What needs you shows here.</p>;
  return (
    <>
      <div className="flex items-center justify-between px-4 pt-3 pb-1 text-table">
        <h2 className="font-medium">Notices</h2>
        {unread.length > 0 && (
          <button className="link" onClick={() => read.mutate({ ids: unread.slice(0, 200) })} type="button">
            Mark all as read
          </button>
        )}
      </div>
      <ul className="p-1.5 pt-0">
        {notices.data.map((n) => (
          <li key={n.id}>
            <Link
              className="flex gap-2.5 rounded px-2.5 py-2 hover:bg-hover"
              href={n.href}
              onClick={() => {
                if (n.readAt === null) read.mutate({ ids: [n.id] });
                onDone();
              }}
            >
              <span
                aria-hidden="true"
                className={cn(
                  'mt-1.5 size-2 shrink-0 rounded-full',
                  n.readAt === null ? 'bg-accent' : 'bg-transparent',
                )}
              />
              <span className="min-w-0 flex-1">
                {n.readAt === null && <span className="sr-only">New: </span>}
                {noticeWords(n.kind, n.facts)}
                <Time at={n.createdAt} className="block text-faint text-table" />
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
