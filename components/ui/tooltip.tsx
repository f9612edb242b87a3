'use client';
import { Tooltip as Radix } from 'radix-ui';
import type { ReactNode } from 'react';

/** More about one thing, on hover and on focus. Never the only place where something is said. */
export function Tooltip({ content, children }: { content: ReactNode; children: ReactNode }) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          className="float-in z-50 max-w-72 rounded border border-line bg-raised px-2.5 py-1.5 text-ink text-table shadow-float"
          collisionPadding={8}
          sideOffset={6}
        >
          {content}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** A word of the trade with one sentence that explains it. */
export function Term({ children, means }: { children: ReactNode; means: string }) {
  return (
    <Tooltip content={means}>
      <button className="term cursor-help bg-transparent p-0 text-left" type="button">
        {children}
      </button>
    </Tooltip>
  );
}
