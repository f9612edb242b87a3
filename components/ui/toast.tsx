'use client';
import { Toaster as Sonner } from 'sonner';

/** Where short answers to an act appear; they never hold the only copy of an error. */
export function Toaster() {
  return (
    <Sonner
      position="bottom-right"
      toastOptions={{
        unstyled: true,
        classNames: {
          toast:
            'flex w-80 items-start gap-3 rounded border border-line bg-raised p-3 shadow-float font-sans text-body text-ink',
          description: 'text-soft text-table',
          actionButton: 'ml-auto shrink-0 text-accent font-medium',
        },
      }}
    />
  );
}

export { toast } from 'sonner';
