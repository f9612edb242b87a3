import type { z } from 'zod';
import type { KeyView } from '@/protocol/api/people';
import { findKeys } from '@/server/data/ssh-keys';
import type { Tx } from '@/server/db';

type Row = { id: string; name: string; publicKey: string; fingerprint: string; createdAt: Date };

/** A stored key without the key itself. */
export function keyView({ publicKey, ...row }: Row): z.infer<typeof KeyView> {
  return { ...row, type: publicKey.split(' ')[0] ?? '' };
}

/** The person's keys, oldest first. */
export async function listKeys(db: Tx, userId: string): Promise<z.infer<typeof KeyView>[]> {
  return (await findKeys(db, userId)).map(keyView);
}
