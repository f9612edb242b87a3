import type { ReactNode } from 'react';
import { cn } from './cn';

/** What a state means; each has one colour and one shape, so that it is read without colour too. */
export type Tone = 'running' | 'progress' | 'degraded' | 'failed' | 'unknown' | 'stopped';

const COLOUR: Record<Tone, string> = {
  running: 'text-state-running',
  progress: 'text-state-progress',
  degraded: 'text-state-degraded',
  failed: 'text-state-failed',
  unknown: 'text-state-unknown',
  stopped: 'text-state-stopped',
};

const SHAPE: Record<Tone, ReactNode> = {
  running: <circle cx="6" cy="6" fill="currentColor" r="4.5" />,
  progress: (
    <>
      <circle cx="6" cy="6" fill="none" r="4" stroke="currentColor" strokeWidth="1.5" />
      <path d="M6 2a4 4 0 0 0 0 8Z" fill="currentColor" />
    </>
  ),
  degraded: <path d="M6 1.250 11.200 10.500H.8Z" fill="currentColor" />,
  failed: <rect fill="currentColor" height="8.500" width="8.500" x="1.750" y="1.750" />,
  unknown: <circle cx="6" cy="6" fill="none" r="4" stroke="currentColor" strokeWidth="1.75" />,
  stopped: <path d="M2.500 1.750h2.500v8.500H2.500zM7 1.750h2.500v8.500H7z" fill="currentColor" />,
};

/** The shape alone, for a row that says the word elsewhere. `simulated` draws a dashed outline around it. */
export function StateShape({ tone, simulated, className }: { tone: Tone; simulated?: boolean; className?: string }) {
  return (
    <svg
      aria-hidden="true"
      className={cn('size-3 shrink-0 overflow-visible', COLOUR[tone], className)}
      focusable="false"
      viewBox="0 0 12 12"
    >
      {SHAPE[tone]}
      {simulated && (
        <circle cx="6" cy="6" fill="none" r="7.500" stroke="currentColor" strokeDasharray="2 1.930" strokeWidth="1" />
      )}
    </svg>
  );
}

type StateMarkProps = { tone: Tone; children: ReactNode; simulated?: boolean; className?: string };

/** A state: its shape in its colour, its word in ink. */
export function StateMark({ tone, children, simulated, className }: StateMarkProps) {
  return (
    <span className={cn('inline-flex items-center gap-2 whitespace-nowrap', className)}>
      <StateShape simulated={simulated} tone={tone} />
      <span>{children}</span>
    </span>
  );
}
