'use client';
import { exactLocal, exactUtc, relative, shortLocal } from './format';
import { useNow } from './now';
import { Tooltip } from './tooltip';

/**
 * A moment: relative while it is under a day away, else day and clock in the viewer's zone; exact local time and UTC on
 * hover or focus. The server writes UTC, which the client replaces once it runs.
 */
export function Time({ at, className }: { at: Date; className?: string }) {
  const now = useNow();
  const near = now !== null && Math.abs(at.getTime() - now) < 86_400_000;
  return (
    <Tooltip
      content={
        <span className="tabular-nums">
          {now === null ? '' : exactLocal(at)}
          <br />
          {exactUtc(at)}
        </span>
      }
    >
      <time className={className} dateTime={at.toISOString()}>
        {now === null ? exactUtc(at) : near ? relative(at.getTime(), now) : shortLocal(at)}
      </time>
    </Tooltip>
  );
}
