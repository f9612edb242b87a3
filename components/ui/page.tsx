import type { ReactNode } from 'react';
import { cn } from './cn';

/** A page's frame: its name, one line of facts, its acts at the right; at most 1440 px wide. */
export function Page({
  title,
  facts,
  acts,
  children,
  wide,
}: {
  title: ReactNode;
  facts?: ReactNode;
  acts?: ReactNode;
  children: ReactNode;
  wide?: boolean;
}) {
  return (
    <div className={cn('mx-auto flex w-full flex-col gap-6 px-4 py-5 sm:px-6', !wide && 'max-w-[1440px]')}>
      <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <h1 className="break-words font-semibold text-title">{title}</h1>
          {facts && <div className="mt-0.5 text-soft">{facts}</div>}
        </div>
        {acts && <div className="flex flex-wrap gap-2">{acts}</div>}
      </header>
      {children}
    </div>
  );
}

/** A part of a page under its own heading. */
export function Section({
  title,
  aside,
  children,
  className,
}: {
  title: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  return (
    <section className={cn('min-w-0', className)}>
      <div className="mb-2 flex min-h-7 flex-wrap items-center justify-between gap-x-4">
        <h2 className="font-semibold">{title}</h2>
        {aside && <div className="text-soft text-table">{aside}</div>}
      </div>
      {children}
    </section>
  );
}

/** Names and values, set as a table of figures. */
export function Facts({ children, className }: { children: ReactNode; className?: string }) {
  return <dl className={cn('grid grid-cols-[minmax(7rem,auto)_minmax(0,1fr)] text-table', className)}>{children}</dl>;
}

export function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <>
      <dt className="border-line border-b py-1.5 pr-4 text-soft">{name}</dt>
      <dd className="break-words border-line border-b py-1.5">{children}</dd>
    </>
  );
}
