'use client';
import { useState } from 'react';
import { Button } from '../ui/button';
import { RevokeDialog } from './revoke-dialog';

/** The way to take a delegation back, for who may. */
export function RevokeLink({ id }: { id: string }) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button kind="danger-quiet" onClick={() => setAsking(true)}>
        Take it back
      </Button>
      <RevokeDialog onClose={() => setAsking(false)} target={asking ? { kind: 'delegation', ids: [id] } : null} />
    </>
  );
}
