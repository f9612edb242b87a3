import type { RefusalCode } from './errors';

/** The tRPC error codes in use, with the HTTP status that tRPC gives each. */
export const HTTP_STATUS = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  PRECONDITION_FAILED: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNPROCESSABLE_CONTENT: 422,
  TOO_MANY_REQUESTS: 429,
  SERVICE_UNAVAILABLE: 503,
} as const;
export type TrpcCode = keyof typeof HTTP_STATUS;

/** Exit codes of programs and of the CLI, after sysexits.h. */
export const EXIT = { usage: 64, data: 65, noInput: 66, unavailable: 69, refused: 73, retry: 75, denied: 77, config: 78 } as const;

type Mapping = { trpc: TrpcCode; exit: number };
const bad: Mapping = { trpc: 'BAD_REQUEST', exit: EXIT.data };
const missing: Mapping = { trpc: 'NOT_FOUND', exit: EXIT.noInput };
const denied: Mapping = { trpc: 'FORBIDDEN', exit: EXIT.denied };
const conflict: Mapping = { trpc: 'CONFLICT', exit: EXIT.refused };
const unmet: Mapping = { trpc: 'PRECONDITION_FAILED', exit: EXIT.refused };
const wrong: Mapping = { trpc: 'UNPROCESSABLE_CONTENT', exit: EXIT.data };
const away: Mapping = { trpc: 'SERVICE_UNAVAILABLE', exit: EXIT.unavailable };

/** The one table from a refusal to its tRPC code (and so its HTTP status) and exit code. Complete by its type. */
export const REFUSAL_STATUS: Readonly<Record<RefusalCode, Mapping>> = {
  INVALID_INPUT: bad,
  NOT_SIGNED_IN: { trpc: 'UNAUTHORIZED', exit: EXIT.denied },
  NOT_ALLOWED: denied,
  NOT_FOUND: missing,
  RATE_LIMITED: { trpc: 'TOO_MANY_REQUESTS', exit: EXIT.retry },
  TOO_LARGE: { trpc: 'PAYLOAD_TOO_LARGE', exit: EXIT.data },
  CONFLICT: conflict,
  NAME_TAKEN: conflict,
  REQUEST_DECIDED: conflict,
  OWN_REQUEST: denied,
  OVER_QUOTA: unmet,
  TERM_TOO_LONG: wrong,
  WRONG_STATE: conflict,
  INVITE_INVALID: missing,
  NOT_ENOUGH_NODES: unmet,
  NOT_ENOUGH_COUNTRIES: unmet,
  STATEMENT_MALFORMED: bad,
  STATEMENT_TOO_LARGE: { trpc: 'PAYLOAD_TOO_LARGE', exit: EXIT.data },
  WRONG_TYPE: bad,
  BAD_SIGNATURE: denied,
  UNKNOWN_ISSUER: denied,
  WRONG_NODE: denied,
  WRONG_HOLDER: denied,
  NOT_YET_VALID: unmet,
  EXPIRED: unmet,
  WRONG_INCARNATION: unmet,
  EXCEEDS_PARENT: denied,
  CHAIN_TOO_DEEP: bad,
  REVOKED: denied,
  TICKET_SPENT: conflict,
  TICKET_BURNT: conflict,
  NODE_FULL: unmet,
  NODE_UNREACHABLE: away,
  NODE_CLOSED: unmet,
  NODE_NOT_BOOT: unmet,
  NODE_NOT_ENROLLED: unmet,
  ALREADY_LEASED: conflict,
  NO_LEASE: missing,
  LEASE_OVER: unmet,
  IMAGE_UNKNOWN: wrong,
  PROFILE_UNKNOWN: wrong,
  DRIVER_UNABLE: unmet,
  START_FAILED: unmet,
  START_TIMEOUT: away,
  EXEC_FAILED: unmet,
  STORAGE_FULL: away,
  JOURNAL_DAMAGED: away,
  NOT_DELEGATED: unmet,
  NOT_ADVERTISED: missing,
  DELEGATION_SPENT: unmet,
  IDEMPOTENCY_MISMATCH: conflict,
  AGENT_UNREACHABLE: away,
  TOKEN_INVALID: denied,
  TOKEN_USED: conflict,
  CERTIFICATE_INVALID: { trpc: 'UNAUTHORIZED', exit: EXIT.denied },
  CONFIG_INVALID: { trpc: 'UNPROCESSABLE_CONTENT', exit: EXIT.config },
  RSPEC_MALFORMED: wrong,
  SUBSTITUTED: unmet,
  OUT_OF_NODES: unmet,
  BELOW_MINIMUM: unmet,
  LEASE_ENDED: unmet,
  RELEASED: unmet,
  LEAVES_WHEN_BACK: unmet,
};
