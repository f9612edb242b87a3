/**
 * The closed list of expected refusals. Every "no" that a person, a program or a node can meet has a code here, and one
 * sentence in `core/refusal-sentence.ts`. Anything that is not a `Refused` is a bug or an outage.
 */
export const REFUSAL_CODES = [
  // input and access
  'INVALID_INPUT', // facts: field, problem
  'NOT_SIGNED_IN',
  'NOT_ALLOWED', // facts: permission
  'NOT_FOUND', // facts: kind, id
  'RATE_LIMITED', // facts: retryAfterSeconds
  'TOO_LARGE', // facts: field, max
  'CONFLICT', // facts: kind, id, problem
  // requests and quota
  'NAME_TAKEN', // facts: name
  'REQUEST_DECIDED', // facts: requestId, state
  'OWN_REQUEST', // facts: requestId
  'OVER_QUOTA', // facts: resource, wants, used, quota
  'TERM_TOO_LONG', // facts: askedSeconds, maxSeconds
  'TOTAL_TOO_LONG', // facts: askedSeconds, leftSeconds, maxSeconds, latestEnd
  'WRONG_STATE', // facts: kind, id, state, needs
  'INVITE_INVALID',
  // matching
  'NOT_ENOUGH_NODES', // facts: wants, matching
  'NOT_ENOUGH_COUNTRIES', // facts: wants, matching
  // statements
  'STATEMENT_MALFORMED', // facts: problem
  'STATEMENT_TOO_LARGE', // facts: bytes, max
  'WRONG_TYPE', // facts: expected, got
  'BAD_SIGNATURE', // facts: kid
  'UNKNOWN_ISSUER', // facts: iss
  'WRONG_NODE', // facts: expected, got
  'WRONG_HOLDER', // facts: expected, got
  'WRONG_AUTHORITY', // facts: what ('slice' or 'sub'), name, expected
  'NOT_YET_VALID', // facts: notBefore, now, skewSeconds
  'EXPIRED', // facts: expiredAt, now, skewSeconds
  'WRONG_INCARNATION', // facts: expected, got
  'EXCEEDS_PARENT', // facts: what, child, parent, ticket? (as NODE_FULL)
  'CHAIN_TOO_DEEP', // facts: depth, max
  'CHAIN_BROKEN', // facts: link (1 is the root), problem
  'REVOKED', // facts: kind, id
  'TICKET_SPENT', // facts: iss, jti
  'TICKET_BURNT', // facts: iss, jti
  // node
  'NODE_FULL', // facts: resource, wants, free, capacity, until?, ticket? (the node keeps a signed proof of its refusal)
  'TOO_MANY_SLIVERS', // facts: node, held, max, until?
  'BARRED_BY_OWNER', // facts: node, what (slice or site), slice, site
  'NODE_UNREACHABLE', // facts: node, address?, lastSeen?, cause
  'NODE_CLOSED', // facts: node, adminSwitch
  'NODE_NOT_BOOT', // facts: node, bootState
  'NODE_NOT_ENROLLED', // facts: node
  'ALREADY_LEASED', // facts: slice, node, until
  'NO_LEASE', // facts: slice, node
  'RENEWAL_MISMATCH', // facts: problem, lease?, ticket?
  'NOBODY_MAY_RENEW', // facts: node, why (code), leaseEndsAt
  'LEASE_OVER', // facts: endedAt
  'IMAGE_UNKNOWN', // facts: image, offers
  'PROFILE_UNKNOWN', // facts: profile, offers
  'DRIVER_UNABLE', // facts: driver, missing
  'START_FAILED', // facts: node, problem
  'START_TIMEOUT', // facts: node, afterSeconds
  'EXEC_FAILED', // facts: problem
  'NO_WAY_IN', // facts: way ('ssh' or 'terminal'), problem
  'NO_NETWORK', // facts: missing
  'PORT_TAKEN', // facts: protocol, port, by
  'PORT_OUT_OF_RANGE', // facts: port, from, to; all 0: none may be published
  'STORAGE_FULL', // facts: path, freeMiB
  'JOURNAL_DAMAGED', // facts: path, problem
  // agent
  'NOT_DELEGATED', // facts: node
  'NOT_ADVERTISED', // facts: node
  'DELEGATION_SPENT', // facts: node, resource, wants, free, degreeMilli, until? (what was issued may be held so long, if the node does not clear it)
  'POLICY_DENIED', // facts: policy, site, and by policy: resource, holds, wants, each (quota, fair share); weight, weights, drawn, wants, lot (lottery)
  'AGENT_CLOSED', // facts: agent, adminSwitch (draining, closed or revoked)
  'IDEMPOTENCY_MISMATCH', // facts: key
  'BEYOND_APPROVAL', // facts: slice, what, wants, approved
  'AGENT_UNREACHABLE', // facts: address, cause
  // enrolment and certificates
  'TOKEN_INVALID', // facts: problem
  'TOKEN_USED',
  'CERTIFICATE_INVALID', // facts: problem
  // start-up and import
  'CONFIG_INVALID', // facts: variable, problem
  'RSPEC_MALFORMED', // facts: line?, problem
  // slivers' last words
  'SUBSTITUTED', // facts: node, by, because
  'GIVEN_UP', // facts: by
  'MOVED', // facts: to
  'OUT_OF_NODES', // facts: wants, tried
  'BELOW_MINIMUM', // facts: running, minimum
  'SLIVERS_AWAY', // facts: running, wants
  'STOPPED_ON_REQUEST', // no facts
  'LEASED_ONLY', // no facts
  'LEASE_ENDED', // facts: endedAt
  'RELEASED', // facts: by
  'LEAVES_WHEN_BACK', // facts: node, leaseEndsAt
  'RECORDS_LOST', // facts: node, why
  'AUTHORITY_REVOKED', // facts: kind, id, by, at, why
] as const;

export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** Facts are plain JSON: amounts with their unit in the name, times as ISO 8601 strings in UTC. */
export type RefusalFacts = Record<string, string | number | boolean | null | string[]>;

/** A refusal as it travels and as it is stored: the reason of a state. */
export type Reason = { code: RefusalCode; facts: RefusalFacts };

/** An expected no. */
export class Refused extends Error {
  readonly code: RefusalCode;
  readonly facts: RefusalFacts;
  constructor(code: RefusalCode, facts: RefusalFacts = {}, options?: { cause?: unknown }) {
    super(`${code} ${JSON.stringify(facts)}`, options);
    this.name = 'Refused';
    this.code = code;
    this.facts = facts;
  }
  get reason(): Reason {
    return { code: this.code, facts: this.facts };
  }
}
