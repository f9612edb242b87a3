import { Refused } from '@/core/errors';

/** What kind of program was called: names the refusal when nobody answers. */
export type Callee = { kind: 'node' | 'agent'; urn: string; address: string };

/** A failure to reach somebody, as NODE_UNREACHABLE or AGENT_UNREACHABLE with a cause that a person can read. */
export function unreachable(callee: Callee, error: unknown, waits: { connectMs: number; answerMs: number }): Refused {
  const cause = error instanceof WrongPeer ? error.message : causeOf(error, waits);
  if (callee.kind === 'agent')
    return new Refused('AGENT_UNREACHABLE', { address: callee.address, cause }, { cause: error });
  return new Refused('NODE_UNREACHABLE', { node: callee.urn, address: callee.address, cause }, { cause: error });
}

/** Somebody answered who is not the one that was dialled. */
export class WrongPeer extends Error {}

const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection lost',
  EPIPE: 'connection lost',
  UND_ERR_SOCKET: 'connection lost',
  ENOTFOUND: 'no such host name',
  EAI_AGAIN: 'host name cannot be looked up',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no route to it',
  EADDRNOTAVAIL: 'no route to it',
  ETIMEDOUT: 'no answer',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'its answer is too large',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not from this deployment’s CA',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not from this deployment’s CA',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not from this deployment’s CA',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is not from this deployment’s CA',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is not from this deployment’s CA',
  CERT_SIGNATURE_FAILURE: 'its certificate is not from this deployment’s CA',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'nobody of that name answers there',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'it is reached through its agent, to which it has no line now',
  ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR: 'nobody of that name answers there',
};

function causeOf(error: unknown, waits: { connectMs: number; answerMs: number }): string {
  const code = codeOf(error);
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return `no answer within ${seconds(waits.connectMs)}`;
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT')
    return `no answer within ${seconds(waits.answerMs)}`;
  return CAUSES[code] ?? (code ? `connection failed (${code})` : 'connection failed');
}

/** Node hides the code of a failed dial to several addresses in an AggregateError. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}
