'use client';
import Link from 'next/link';
import { Button } from '../ui/button';

/** The way to take a delegation back, for who may. */
export function RevokeLink({ id }: { id: string }) {
  return (
    <Button asChild kind="danger-quiet">
      <Link href={`/trust/revocations?delegation=${id}`}>Take it back</Link>
    </Button>
  );
}
