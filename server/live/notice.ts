import { z } from 'zod';

/** What travels on NOTIFY channel `meridian`: which rows changed, never what they say. */
export const Notice = z.discriminatedUnion('k', [
  z.object({ k: z.literal('sliver'), slice: z.string(), ids: z.array(z.string()) }),
  z.object({ k: z.literal('slice'), slice: z.string() }),
  z.object({ k: z.literal('node'), ids: z.array(z.string()) }),
  z.object({ k: z.literal('request'), site: z.string(), slice: z.string() }),
  z.object({ k: z.literal('user'), id: z.string() }),
  z.object({ k: z.literal('trust') }),
]);
export type Notice = z.infer<typeof Notice>;
