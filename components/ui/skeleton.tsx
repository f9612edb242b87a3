import { cn } from './cn';

/** The place of something that is on its way, in its final size. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden="true" className={cn('skeleton block h-4', className)} />;
}

/** A table on its way. */
export function TableSkeleton({ rows = 8 }: { rows?: number }) {
  return (
    <div aria-busy="true" className="border-line border-y">
      <span className="sr-only">Loading</span>
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all the same and never move
        <div className="flex h-9 items-center gap-6 border-line border-b last:border-b-0" key={i}>
          <Skeleton className="w-1/4" />
          <Skeleton className="w-1/6" />
          <Skeleton className="ml-auto w-1/12" />
        </div>
      ))}
    </div>
  );
}
