import type { RefusalCode } from './errors';

/** Names of tRPC's error codes that refusals map to. */
export type TrpcCode =
  | 'BAD_REQUEST'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'PRECONDITION_FAILED'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNPROCESSABLE_CONTENT'
  | 'TOO_MANY_REQUESTS'
  | 'SERVICE_UNAVAILABLE'
  | 'TIMEOUT'
  | 'INTERNAL_SERVER_ERROR';

/** How a refusal shows on each surface. Exit codes follow sysexits(3). */
export type RefusalMapping = { http: number; trpc: TrpcCode; exit: number };

const INPUT: RefusalMapping = { http: 400, trpc: 'BAD_REQUEST', exit: 65 }; // EX_DATAERR
const WHO: RefusalMapping = { http: 401, trpc: 'UNAUTHORIZED', exit: 77 }; // EX_NOPERM
const DENIED: RefusalMapping = { http: 403, trpc: 'FORBIDDEN', exit: 77 };
const ABSENT: RefusalMapping = { http: 404, trpc: 'NOT_FOUND', exit: 66 }; // EX_NOINPUT
const CLASH: RefusalMapping = { http: 409, trpc: 'CONFLICT', exit: 75 }; // EX_TEMPFAIL: look again and retry
const STATE: RefusalMapping = { http: 412, trpc: 'PRECONDITION_FAILED', exit: 69 }; // EX_UNAVAILABLE
const LARGE: RefusalMapping = { http: 413, trpc: 'PAYLOAD_TOO_LARGE', exit: 65 };
const UNFIT: RefusalMapping = { http: 422, trpc: 'UNPROCESSABLE_CONTENT', exit: 65 };
const OFTEN: RefusalMapping = { http: 429, trpc: 'TOO_MANY_REQUESTS', exit: 75 };
const AWAY: RefusalMapping = { http: 503, trpc: 'SERVICE_UNAVAILABLE', exit: 69 };
const LATE: RefusalMapping = { http: 504, trpc: 'TIMEOUT', exit: 75 };
const BROKEN: RefusalMapping = { http: 500, trpc: 'INTERNAL_SERVER_ERROR', exit: 70 }; // EX_SOFTWARE
const CONFIG: RefusalMapping = { http: 500, trpc: 'INTERNAL_SERVER_ERROR', exit: 78 }; // EX_CONFIG

/** The one table: code → HTTP status, tRPC code, exit code of a command. */
export const REFUSAL_MAP: Readonly<Record<RefusalCode, RefusalMapping>> = {
  INVALID_INPUT: INPUT,
  NOT_SIGNED_IN: WHO,
  NOT_ALLOWED: DENIED,
  NOT_FOUND: ABSENT,
  RATE_LIMITED: OFTEN,
  TOO_LARGE: LARGE,
  CONFLICT: CLASH,
  NAME_TAKEN: CLASH,
  REQUEST_DECIDED: CLASH,
  OWN_REQUEST: DENIED,
  OVER_QUOTA: UNFIT,
  TERM_TOO_LONG: UNFIT,
  WRONG_STATE: STATE,
  INVITE_INVALID: DENIED,
  NOT_ENOUGH_NODES: UNFIT,
  NOT_ENOUGH_COUNTRIES: UNFIT,
  STATEMENT_MALFORMED: INPUT,
  STATEMENT_TOO_LARGE: LARGE,
  WRONG_TYPE: INPUT,
  BAD_SIGNATURE: DENIED,
  UNKNOWN_ISSUER: DENIED,
  WRONG_NODE: DENIED,
  WRONG_HOLDER: DENIED,
  NOT_YET_VALID: DENIED,
  EXPIRED: DENIED,
  WRONG_INCARNATION: DENIED,
  EXCEEDS_PARENT: DENIED,
  CHAIN_TOO_DEEP: DENIED,
  REVOKED: DENIED,
  TICKET_SPENT: CLASH,
  TICKET_BURNT: CLASH,
  NODE_FULL: CLASH,
  NODE_UNREACHABLE: AWAY,
  NODE_CLOSED: STATE,
  NODE_NOT_BOOT: STATE,
  NODE_NOT_ENROLLED: STATE,
  ALREADY_LEASED: CLASH,
  NO_LEASE: ABSENT,
  RENEWAL_MISMATCH: CLASH,
  LEASE_OVER: STATE,
  IMAGE_UNKNOWN: UNFIT,
  PROFILE_UNKNOWN: UNFIT,
  DRIVER_UNABLE: STATE,
  START_FAILED: AWAY,
  START_TIMEOUT: LATE,
  EXEC_FAILED: UNFIT,
  STORAGE_FULL: AWAY,
  JOURNAL_DAMAGED: BROKEN,
  NOT_DELEGATED: STATE,
  NOT_ADVERTISED: ABSENT,
  DELEGATION_SPENT: CLASH,
  IDEMPOTENCY_MISMATCH: CLASH,
  AGENT_UNREACHABLE: AWAY,
  TOKEN_INVALID: DENIED,
  TOKEN_USED: DENIED,
  CERTIFICATE_INVALID: DENIED,
  CONFIG_INVALID: CONFIG,
  RSPEC_MALFORMED: UNFIT,
  SUBSTITUTED: STATE,
  OUT_OF_NODES: UNFIT,
  BELOW_MINIMUM: UNFIT,
  SLIVERS_AWAY: AWAY,
  LEASE_ENDED: STATE,
  RELEASED: STATE,
  LEAVES_WHEN_BACK: AWAY,
};
