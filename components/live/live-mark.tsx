'use client';
import { clockLocal } from '../ui/format';
import { StateShape } from '../ui/state-mark';
import { useLiveStatus } from './live-provider';

/** Whether what the page shows is of this moment: "Live", or since when it is old. */
export function LiveMark() {
  const { state, lastEventAt } = useLiveStatus();
  const from = lastEventAt === null ? '' : `, data from ${clockLocal(new Date(lastEventAt))}`;
  const words = {
    live: 'Live',
    connecting: 'Connecting',
    reconnecting: `Reconnecting${from}`,
    ended: 'Signed out',
  }[state];
  return (
    <span className="flex items-center gap-1.5 whitespace-nowrap text-soft text-table" data-live={state} role="status">
      <StateShape
        className="size-2.5"
        tone={state === 'live' ? 'running' : state === 'connecting' ? 'progress' : 'unknown'}
      />
      <span className={state === 'live' || state === 'connecting' ? 'max-md:sr-only' : ''}>{words}</span>
    </span>
  );
}
