import Link from 'next/link';
import { Mark } from '@/components/brand/mark';
import { Button } from '@/components/ui/button';

export const metadata = { title: 'Not found' };

/** Also what somebody sees who may not know that a thing exists. */
export default function NotFound() {
  return (
    <div className="mx-auto flex w-full max-w-xl flex-1 flex-col items-start justify-center gap-4 px-6 py-24">
      <Mark className="text-line-strong" size={56} />
      <h1 className="font-semibold text-title">There is nothing here that you may see</h1>
      <p className="text-soft">
        The address may be mistyped, what it named may be gone, or it belongs to people you do not work with. Check the
        name, or ask whoever gave you the address.
      </p>
      <Button asChild>
        <Link href="/">Go home</Link>
      </Button>
    </div>
  );
}
