import { cva, type VariantProps } from 'class-variance-authority';
import { LoaderCircle } from 'lucide-react';
import { Slot } from 'radix-ui';
import type { ComponentProps, MouseEvent } from 'react';
import { cn } from './cn';

const look = cva(
  'inline-flex shrink-0 items-center justify-center gap-2 rounded border font-medium whitespace-nowrap transition-colors duration-100 select-none disabled:opacity-50 aria-disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      kind: {
        primary: 'border-transparent bg-accent text-accent-ink hover:bg-accent-hover',
        secondary: 'border-line-strong bg-raised text-ink hover:bg-hover',
        quiet: 'border-transparent bg-transparent text-soft hover:bg-hover hover:text-ink',
        danger: 'border-transparent bg-danger text-danger-ink hover:opacity-90',
        'danger-quiet': 'border-line-strong bg-raised text-danger hover:bg-danger-soft',
      },
      size: { md: 'h-9 px-3.5 text-body', sm: 'h-7 px-2.5 text-table', icon: 'size-9', 'icon-sm': 'size-7' },
    },
    defaultVariants: { kind: 'secondary', size: 'md' },
  },
);

export type ButtonProps = ComponentProps<'button'> &
  VariantProps<typeof look> & {
    /** Render the child (a link) with the button's look. */
    asChild?: boolean;
    /** The act is under way: shows so, and takes no second press. */
    busy?: boolean;
  };

/** One act. `primary` at most once in a view; `danger` only inside a dialog that names what goes. */
export function Button({
  kind,
  size,
  asChild,
  busy,
  className,
  children,
  disabled,
  type,
  onClick,
  ...rest
}: ButtonProps) {
  const classes = cn(look({ kind, size }), className);
  if (asChild)
    return (
      <Slot.Root className={classes} onClick={onClick} {...rest}>
        {children}
      </Slot.Root>
    );
  // The second click of a double click comes before `busy` is drawn: what takes time begins once.
  const once = (event: MouseEvent<HTMLButtonElement>) => {
    if (busy !== undefined && event.detail > 1) event.preventDefault();
    else onClick?.(event);
  };
  return (
    <button
      aria-busy={busy || undefined}
      className={classes}
      disabled={disabled || busy}
      onClick={once}
      type={type ?? 'button'}
      {...rest}
    >
      {busy && <LoaderCircle aria-hidden="true" className="animate-spin" />}
      {children}
    </button>
  );
}
