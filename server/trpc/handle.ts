import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import { Refused } from '@/core/errors';
import { REFUSAL_MAP } from '@/core/errors-map';
import { processAuth } from '@/server/auth';
import { processDb } from '@/server/db';
import { webEnvironment } from '@/server/env';
import { log } from '@/server/log';
import { bounded, demandSameOrigin } from './guard';
import { contextOf } from './request-context';
import { appRouter } from './root';

const ENDPOINT = '/api/trpc';

/** Answers the browser's and the CLI's calls. */
export async function handleTrpc(request: Request): Promise<Response> {
  try {
    demandSameOrigin(request, webEnvironment().MERIDIAN_URL);
    return await fetchRequestHandler({
      endpoint: ENDPOINT,
      req: await bounded(request),
      router: appRouter,
      // Queries whose input is too long for an address come as POST.
      allowMethodOverride: true,
      createContext: async ({ resHeaders }) => {
        const { context, cookies } = await contextOf(processDb(), processAuth(), request.headers, log);
        for (const cookie of cookies) resHeaders.append('set-cookie', cookie);
        resHeaders.set('x-request-id', context.requestId);
        return context;
      },
      onError: ({ error, path, type, ctx }) => {
        const facts = { requestId: ctx?.requestId, path, type, person: ctx?.person?.id };
        if (error.code === 'INTERNAL_SERVER_ERROR')
          log.error({ ...facts, err: error.cause ?? error }, 'request failed');
        else log.debug({ ...facts, code: error.code, refusal: error.message.slice(0, 200) }, 'request refused');
      },
    });
  } catch (err) {
    if (err instanceof Refused) return refusedResponse(err);
    log.error({ err }, 'request failed');
    return errorResponse(500, 'INTERNAL_SERVER_ERROR', 'Something went wrong on our side.', null);
  }
}

function refusedResponse(refused: Refused): Response {
  const { http, trpc } = REFUSAL_MAP[refused.code];
  return errorResponse(http, trpc, refused.code, refused.reason);
}

/** An error that arose before tRPC had the request, in the shape that tRPC's clients read. */
function errorResponse(httpStatus: number, code: string, message: string, refusal: Refused['reason'] | null): Response {
  const json = superjson.serialize({ message, code: -32_000, data: { code, httpStatus, refusal } });
  return Response.json({ error: json }, { status: httpStatus });
}
