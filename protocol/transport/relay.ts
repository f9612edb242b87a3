import { randomBytes } from 'node:crypto';

/**
 * How a node that nobody can dial takes its calls (decision 33). It attends its agent by a long poll and is told one-time ids;
 * for each it opens a TCP connection to the agent that begins with the greeting below. From then on that connection carries,
 * byte for byte, one caller's TLS connection to the node: the agent sees whom a caller dials, and nothing of what is said.
 */

/** What such a node gives as its address; the agent puts its own in place of it. */
export const RELAYED = 'relay';

const LABEL = 'MERIDIAN-RELAY/1 ';
const ID = /^[A-Za-z0-9_-]{43}$/;
/** All greetings are as long as this, in bytes. */
export const GREETING_BYTES = LABEL.length + 43 + 1;
/** With what a greeting begins; no TLS record does. */
export const GREETING_FIRST = LABEL.charCodeAt(0);

/** 256 random bits: who knows it was told so by the agent. */
export function newRelayId(): string {
  return randomBytes(32).toString('base64url');
}

export function greeting(id: string): string {
  return `${LABEL}${id}\n`;
}

/** The id in the first bytes of a connection, or what they are instead. */
export function readGreeting(
  bytes: Buffer,
): { is: 'unfinished' } | { is: 'malformed' } | { is: 'greeting'; id: string } {
  const text = bytes.subarray(0, GREETING_BYTES).toString('latin1');
  if (!text.startsWith(LABEL.slice(0, text.length))) return { is: 'malformed' };
  if (bytes.length < GREETING_BYTES) return { is: 'unfinished' };
  const id = text.slice(LABEL.length, -1);
  // The node speaks only when its caller has: more than the greeting is none of ours.
  return bytes.length === GREETING_BYTES && text.endsWith('\n') && ID.test(id)
    ? { is: 'greeting', id }
    : { is: 'malformed' };
}

/** A poll is answered after this long at the latest, in ms: to each side the other's word that it is still there. */
export const ATTEND_HOLD_MS = 8_000;
/** A poll that is not answered by then was lost, with the network between. */
export const ATTEND_ANSWER_MS = 14_000;
/** A node that has not polled for this long since its last poll ended is gone: all its connections are cut. */
export const ATTEND_GRACE_MS = 10_000;
/** When TCP first asks whether the other end of a silent connection is still there; Linux gives up 10 s later (libuv: 10 probes, 1 s apart). */
export const RELAY_KEEPALIVE_MS = 15_000;
