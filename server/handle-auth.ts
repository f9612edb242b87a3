import { Refused } from '@/core/errors';
import { processAuth } from './auth';
import { bounded } from './trpc/guard';

/** better-auth's endpoints, with a bounded body. It checks origins and counts attempts itself. */
export async function handleAuth(request: Request): Promise<Response> {
  try {
    return await processAuth().handler(await bounded(request));
  } catch (err) {
    if (!(err instanceof Refused)) throw err;
    return Response.json({ code: err.code, ...err.facts, message: 'The request is too large.' }, { status: 413 });
  }
}
