import type { z } from 'zod';
import type { InvitePreview } from '@/protocol/api/people';
import type { Db } from '@/server/db';

export function previewInvite(_db: Db, _token: string, _now: Date): Promise<z.infer<typeof InvitePreview>> {
  throw new Error('previewInvite is not built yet');
}
