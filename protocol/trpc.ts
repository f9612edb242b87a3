import { initTRPC, TRPCError } from '@trpc/server';
import { Refused } from '@/core/errors';

/** Who is on the other end of a mutually authenticated connection. */
export type Peer = {
  kind: 'node' | 'agent' | 'service-manager';
  /** URN from the certificate's URI name. */
  urn: string;
  /** RFC 7638 thumbprint of the certificate's key, which is the peer's identity key. */
  jkt: string;
};

/** What travels beside a tRPC error: the refusal, or null for a bug or an outage. */
export type RefusalData = { refusal: { code: Refused['code']; facts: Refused['facts'] } | null };

/** A tRPC instance of ours: refusals travel as `data.refusal`; stacks and causes never leave the process. */
export function programTrpc<Context extends object>() {
  const t = initTRPC.context<Context>().create({
    errorFormatter({ shape, error }) {
      const refusal = error.cause instanceof Refused ? error.cause.reason : inputRefusal(error);
      const { stack: _stack, ...data } = shape.data;
      return {
        ...shape,
        message: refusal ? refusal.code : 'Something went wrong on our side.',
        data: { ...data, refusal } as typeof shape.data & RefusalData,
      };
    },
  });
  return t;
}

/** Input that a schema refused, as a refusal that names the field. */
function inputRefusal(error: TRPCError): RefusalData['refusal'] {
  if (error.code !== 'BAD_REQUEST') return null;
  const issues = (error.cause as { issues?: { path: PropertyKey[]; message: string }[] } | undefined)?.issues;
  const first = issues?.[0];
  if (!first) return { code: 'INVALID_INPUT', facts: { field: 'body', problem: 'not understood' } };
  return { code: 'INVALID_INPUT', facts: { field: first.path.map(String).join('.') || 'input', problem: first.message } };
}
