import type { ComponentProps, ReactNode } from 'react';
import { cn } from './cn';

/** The look that every typed control shares. */
export const controlLook =
  'w-full min-w-0 rounded border border-line-strong bg-raised px-2.5 text-body text-ink transition-colors duration-100 hover:border-ink-faint focus-visible:border-accent focus-visible:outline-offset-0 disabled:opacity-60 aria-invalid:border-danger [&:is(input,textarea):read-only]:bg-sunken';

/** A line of text. `before` and `after` sit inside the frame: a prefix, a unit. */
export function Input({
  className,
  before,
  after,
  ...rest
}: ComponentProps<'input'> & { before?: ReactNode; after?: ReactNode }) {
  if (before === undefined && after === undefined)
    return <input className={cn(controlLook, 'h-9', className)} {...rest} />;
  return (
    <span
      className={cn(
        'flex h-9 min-w-0 items-stretch rounded border border-line-strong bg-raised focus-within:border-accent has-aria-invalid:border-danger has-focus-visible:outline-2 has-focus-visible:outline-accent',
        className,
      )}
    >
      {before !== undefined && (
        <span className="flex items-center border-line border-r bg-sunken px-2.5 text-soft">{before}</span>
      )}
      <input className="w-full min-w-0 bg-transparent px-2.5 outline-none" {...rest} />
      {after !== undefined && <span className="flex items-center pr-2.5 text-faint text-table">{after}</span>}
    </span>
  );
}

/** Several lines of text. */
export function Textarea({ className, rows = 3, ...rest }: ComponentProps<'textarea'>) {
  return <textarea className={cn(controlLook, 'py-2 leading-5', className)} rows={rows} {...rest} />;
}
