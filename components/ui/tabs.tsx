'use client';
import { Tabs as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { useAddress } from './address';

export type Tab = { id: string; label: ReactNode; content: ReactNode };

/** Views of one thing; which one is open lives in the address. */
export function Tabs({
  tabs,
  param = 'view',
  label,
}: {
  tabs: readonly [Tab, ...Tab[]];
  param?: string;
  label: string;
}) {
  const [open, setOpen] = useAddress(param, tabs[0].id);
  const known = tabs.some((t) => t.id === open) ? open : tabs[0].id;
  return (
    <Radix.Root onValueChange={setOpen} value={known}>
      <Radix.List aria-label={label} className="flex gap-5 overflow-x-auto border-line border-b">
        {tabs.map((t) => (
          <Radix.Trigger
            className="-mb-px shrink-0 border-transparent border-b-2 py-2 text-soft hover:text-ink focus-visible:outline-offset-[-2px] data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-ink"
            key={t.id}
            value={t.id}
          >
            {t.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((t) => (
        <Radix.Content className="pt-4" key={t.id} tabIndex={-1} value={t.id}>
          {t.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
