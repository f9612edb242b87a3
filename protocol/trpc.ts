import { initTRPC, TRPCError } from '@trpc/server';
import { REFUSAL_CODES, Refused } from '@/core/errors';
import { REFUSAL_MAP } from '@/core/errors-map';
import './plain-problems'; // zod's words are for programmers

/** Who is on the other end of a mutually authenticated connection. */
export type Peer = {
  /**
   * `principal`: a person's own service manager. `partner-…`: of another deployment, with a certificate of this one's CA under a name
   * of this one's. A call that does not name a kind refuses it.
   */
  kind: 'node' | 'agent' | 'service-manager' | 'principal' | 'partner-agent' | 'partner-manager';
  /** URN from the certificate's URI name. */
  urn: string;
  /** RFC 7638 thumbprint of the certificate's key, which is the peer's identity key. */
  jkt: string;
};

/** What travels beside a tRPC error: the refusal, or null for a bug or an outage. */
export type RefusalData = { refusal: { code: Refused['code']; facts: Refused['facts'] } | null };

/**
 * A tRPC instance of ours: a `Refused` thrown anywhere in a procedure gets its status from core's one table and travels as
 * `data.refusal`; stacks and causes never leave the process.
 */
export function programTrpc<Context extends object>() {
  const t = initTRPC.context<Context>().create({
    errorFormatter({ shape, error }) {
      const refusal = refusalOf(error);
      const { stack: _stack, ...data } = shape.data;
      return {
        ...shape,
        message: refusal ? refusal.code : 'Something went wrong on our side.',
        data: { ...data, refusal } as typeof shape.data & RefusalData,
      };
    },
  });
  const procedure = t.procedure.use(async ({ next }) => {
    const result = await next();
    if (!result.ok && result.error.cause instanceof Refused) throw refusedToTrpc(result.error.cause);
    return result;
  });
  return { ...t, procedure };
}

/** A refusal as the tRPC error that carries it. */
export function refusedToTrpc(refused: Refused): TRPCError {
  return new TRPCError({ code: REFUSAL_MAP[refused.code].trpc, message: refused.code, cause: refused });
}

/** What of an error on the server its caller may know: the refusal, or null for a bug or an outage. */
export function refusalOf(error: TRPCError): RefusalData['refusal'] {
  if (error.cause instanceof Refused) return error.cause.reason;
  if (error.code === 'NOT_FOUND')
    return { code: 'NOT_FOUND', facts: { kind: 'procedure', id: error.message.slice(0, 200) } };
  return inputRefusal(error);
}

/** The refusal that a client's error carries, or null: the other side had a bug, or nobody answered. */
export function refusedFrom(error: unknown): Refused | null {
  if (error instanceof Refused) return error;
  if (!(error instanceof Error)) return null;
  const data: unknown = 'data' in error ? error.data : null;
  const refusal = isObject(data) ? data.refusal : null;
  if (isObject(refusal) && isObject(refusal.facts)) {
    const code = REFUSAL_CODES.find((known) => known === refusal.code);
    // The facts are JSON that a peer sent; their values are only ever shown or compared.
    if (code) return new Refused(code, refusal.facts as Refused['facts'], { cause: error });
  }
  return error.cause instanceof Refused ? error.cause : null;
}

/** Input that a schema refused, as a refusal that names the field. */
function inputRefusal(error: TRPCError): RefusalData['refusal'] {
  if (error.code !== 'BAD_REQUEST') return null;
  const issues = (error.cause as { issues?: { path: PropertyKey[]; message: string }[] } | undefined)?.issues;
  const first = issues?.[0];
  if (!first) return { code: 'INVALID_INPUT', facts: { field: 'body', problem: 'not understood' } };
  return {
    code: 'INVALID_INPUT',
    facts: { field: first.path.map(String).join('.') || 'input', problem: first.message },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
