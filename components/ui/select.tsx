import { ChevronDown } from 'lucide-react';
import type { ComponentProps } from 'react';
import { cn } from './cn';
import { controlLook } from './input';

export type Option = { value: string; label: string };

/** One of a few. The platform's own list: right on every device, and by keyboard. */
export function Select({ options, className, ...rest }: ComponentProps<'select'> & { options: readonly Option[] }) {
  return (
    <span className={cn('relative inline-flex min-w-0', className)}>
      <select className={cn(controlLook, 'h-9 appearance-none pr-8')} {...rest}>
        {options.map((o) => (
          <option key={o.value} value={o.value}>
            {o.label}
          </option>
        ))}
      </select>
      <ChevronDown aria-hidden="true" className="pointer-events-none absolute top-2.5 right-2.5 size-4 text-faint" />
    </span>
  );
}
