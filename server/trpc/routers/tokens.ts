import { z } from 'zod';
import * as c from '@/protocol/api/common';
import { createToken } from '@/server/services/tokens/create-token';
import { listTokens } from '@/server/services/tokens/list-tokens';
import { revokeToken } from '@/server/services/tokens/revoke-token';
import { permitted, router, sessionOnly } from '../init';

const TokenView = z.object({
  id: c.Id,
  name: z.string(),
  createdAt: z.date(),
  expiresAt: z.date(),
  lastUsedAt: z.date().nullable(),
  revokedAt: z.date().nullable(),
});
export type TokenView = z.infer<typeof TokenView>;

export const tokensRouter = router({
  list: permitted('self')
    .output(z.array(TokenView))
    .query(({ ctx }) => listTokens(ctx.db, ctx.person.id)),
  /** Needs a browser session: a stolen token must not mint its successors. */
  create: permitted('self')
    .use(sessionOnly)
    .input(z.object({ name: z.string().trim().min(1).max(100), days: z.int().min(1).max(366) }))
    .output(z.object({ id: c.Id, token: z.string(), expiresAt: z.date() }))
    .mutation(({ ctx, input }) => createToken(ctx.db, ctx.person, input, ctx.now)),
  revoke: permitted('self')
    .input(z.object({ id: c.Id }))
    .output(z.object({ id: c.Id }))
    .mutation(({ ctx, input }) => revokeToken(ctx.db, ctx.person, input.id, ctx.now)),
});
