import { Skeleton, TableSkeleton } from '@/components/ui/skeleton';

/** Every page begins with its name and goes on with rows. */
export default function Loading() {
  return (
    <div className="mx-auto flex w-full max-w-[1440px] flex-col gap-6 px-4 py-5 sm:px-6">
      <Skeleton className="h-7 w-48" />
      <TableSkeleton rows={10} />
    </div>
  );
}
