import type { Db } from '@/server/db';
import type { TokenView } from '@/server/trpc/routers/tokens';

export function listTokens(_db: Db, _userId: string): Promise<TokenView[]> {
  throw new Error('listTokens is not built yet');
}
