import type { ReactNode } from 'react';
import { Mark } from '../brand/mark';

/** Nothing here yet: what the place is for, and the first act. */
export function Empty({ title, children, act }: { title: ReactNode; children?: ReactNode; act?: ReactNode }) {
  return (
    <div className="flex flex-col items-start gap-3 rounded border border-line border-dashed p-6 sm:flex-row sm:items-center sm:gap-5">
      <Mark className="shrink-0 text-line-strong" size={44} />
      <div className="flex-1">
        <p className="font-semibold">{title}</p>
        {children && <p className="mt-0.5 max-w-prose text-soft">{children}</p>}
      </div>
      {act}
    </div>
  );
}
