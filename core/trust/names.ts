import { Refused } from '../errors';

/** A deployment's agent; a partner under our own name for it (`<ours>:<partner>`) speaks for nobody. */
const AGENT = /^urn:publicid:IDN\+([A-Za-z0-9.-]{1,64})\+authority\+/;
const NAMED = /^urn:publicid:IDN\+([A-Za-z0-9.-]{1,64})[:+]/;

/**
 * An agent speaks for its own deployment's slices and people: who they are is its word, and nobody else's. So a ticket names a slice and a
 * user of the authority of the agent that issued it (as the link to that agent calls it), or a partner could run slices in another's
 * name, and what they send would be laid at that one's door. Throws Refused WRONG_AUTHORITY.
 */
export function judgeNames(ticket: { slice: string; sub: string }, issuerUrn: string): void {
  const expected = AGENT.exec(issuerUrn)?.[1];
  for (const what of ['slice', 'sub'] as const) {
    const got = NAMED.exec(ticket[what])?.[1];
    if (expected === undefined || got !== expected)
      throw new Refused('WRONG_AUTHORITY', { what, name: ticket[what], expected: expected ?? issuerUrn });
  }
}
