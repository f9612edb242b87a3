import { RotateCw } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from './button';

type ErrorPanelProps = {
  /** What happened. */
  title: ReactNode;
  /** Why, and what to do. */
  children?: ReactNode;
  onRetry?: () => void;
  busy?: boolean;
};

/** A part that failed says so in its own place; the rest of the page goes on. */
export function ErrorPanel({ title, children, onRetry, busy }: ErrorPanelProps) {
  return (
    <div
      className="flex flex-wrap items-start justify-between gap-3 rounded border border-danger bg-danger-soft px-4 py-3"
      role="alert"
    >
      <div className="min-w-0 flex-1">
        <p className="font-medium">{title}</p>
        {children && <div className="mt-0.5 max-w-prose text-soft">{children}</div>}
      </div>
      {onRetry && (
        <Button busy={busy} onClick={onRetry} size="sm">
          <RotateCw aria-hidden="true" />
          Try again
        </Button>
      )}
    </div>
  );
}
