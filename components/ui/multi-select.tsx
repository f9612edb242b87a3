'use client';
import { Command } from 'cmdk';
import { Check, ChevronDown, X } from 'lucide-react';
import { Popover } from 'radix-ui';
import { cn } from './cn';
import type { FieldAria } from './field';
import { controlLook } from './input';
import type { Option } from './select';

type MultiSelectProps = {
  aria: FieldAria;
  options: readonly (Option & { detail?: string })[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
  /** What it says while nothing is chosen. */
  none: string;
  /** What is searched for, for the search box's name: "countries". */
  what: string;
};

/** Any of many: a searchable list that stays open, and the chosen as chips that can be taken away. */
export function MultiSelect({ aria, options, chosen, onChange, none, what }: MultiSelectProps) {
  const toggle = (value: string) =>
    onChange(chosen.includes(value) ? chosen.filter((v) => v !== value) : [...chosen, value]);
  const labelOf = (value: string) => options.find((o) => o.value === value)?.label ?? value;
  return (
    <div className="flex flex-col gap-2">
      <Popover.Root>
        <Popover.Trigger
          {...aria}
          className={cn(controlLook, 'flex h-9 items-center justify-between gap-2 text-left')}
          type="button"
        >
          <span className={cn('truncate', chosen.length === 0 && 'text-soft')}>
            {chosen.length === 0 ? none : `${chosen.length} ${what}`}
          </span>
          <ChevronDown aria-hidden="true" className="size-4 shrink-0 text-faint" />
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Content
            align="start"
            className="float-in z-50 w-(--radix-popover-trigger-width) min-w-60 rounded border border-line bg-raised shadow-float"
            sideOffset={4}
          >
            <Command label={`Search ${what}`}>
              <Command.Input
                className="h-9 w-full border-line border-b bg-transparent px-2.5 outline-none"
                placeholder={`Search ${what}`}
              />
              <Command.List className="max-h-64 overflow-y-auto p-1">
                <Command.Empty className="px-2 py-3 text-soft text-table">Nothing with that name.</Command.Empty>
                {options.map((o) => (
                  <Command.Item
                    className="flex h-8 items-center gap-2 rounded px-2 data-[selected=true]:bg-hover"
                    key={o.value}
                    keywords={[o.value]}
                    onSelect={() => toggle(o.value)}
                    value={o.label}
                  >
                    <Check
                      aria-hidden="true"
                      className={cn('size-4 text-accent', !chosen.includes(o.value) && 'invisible')}
                    />
                    <span className="flex-1 truncate">{o.label}</span>
                    {o.detail && <span className="text-faint text-table">{o.detail}</span>}
                  </Command.Item>
                ))}
              </Command.List>
            </Command>
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
      {chosen.length > 0 && (
        <ul className="flex flex-wrap gap-1.5">
          {chosen.map((value) => (
            <li className="flex items-center rounded border border-line bg-sunken pl-2 text-table" key={value}>
              {labelOf(value)}
              <button
                aria-label={`Take ${labelOf(value)} away`}
                className="flex size-6 items-center justify-center text-faint hover:text-ink"
                onClick={() => toggle(value)}
                type="button"
              >
                <X aria-hidden="true" className="size-3.5" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
