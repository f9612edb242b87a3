import { TRPCClientError } from '@trpc/client';
import { z } from 'zod';
import { REFUSAL_CODES, type Reason, Refused } from '@/core/errors';
import { REFUSAL_MAP } from '@/core/errors-map';
import { sentence } from '@/core/refusal-sentence';
import { ReasonSchema } from '@/protocol/node-manager/schemas';

/** What a command ends with when it did not do what was asked: one sentence, and an exit code of sysexits(3). */
export type Failure = { exit: number; message: string; reason: Reason | null };

const SOFTWARE = 70;
const UNAVAILABLE = 69;

const Known = ReasonSchema.extend({ code: z.enum(REFUSAL_CODES) });
const FromApi = z.object({ refusal: Known.nullable(), requestId: z.string().nullish() });

/** Reads any error as a failure: a refusal of ours or of the API, no connection, or a bug. Never a stack. */
export function failureOf(error: unknown, url: string): Failure {
  if (error instanceof Refused) return refusal(error.reason);
  if (error instanceof TRPCClientError) {
    const data = FromApi.safeParse(error.data);
    if (data.success && data.data.refusal) return refusal(data.data.refusal);
    if (data.success)
      return bug(
        `Something went wrong on the server${data.data.requestId ? ` (request ${data.data.requestId})` : ''}. Its log says more.`,
      );
    return unreachable(error.cause ?? error, url);
  }
  if (isNetwork(error)) return unreachable(error, url);
  return bug(`Something went wrong in this command: ${error instanceof Error ? error.message : String(error)}`);
}

function refusal(reason: Reason): Failure {
  const hint = reason.code === 'NOT_SIGNED_IN' ? ' Run: meridian login, or give --token.' : '';
  return { exit: REFUSAL_MAP[reason.code].exit, message: `${sentence(reason, Date.now())}${hint}`, reason };
}

function unreachable(error: unknown, url: string): Failure {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? ` (${cause.code})` : '';
  return {
    exit: UNAVAILABLE,
    message: `Meridian does not answer at ${url}${code}. Is it running? Start it with npm start, or give --url.`,
    reason: null,
  };
}

function isNetwork(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'fetch failed';
}

function bug(message: string): Failure {
  return { exit: SOFTWARE, message, reason: null };
}
