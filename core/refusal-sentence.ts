import type { Reason } from './errors';
import { factsReader } from './refusal-facts';
import { SENTENCES } from './refusal-sentences';

/**
 * What a person reads of a refusal: what happened, why, what to do; second person, numbers with units, times in UTC.
 * Missing facts leave out what they would have said, never a hole. Give `now` (epoch ms) to shorten times of the same
 * day. A code that a newer program sent is named as it is.
 */
export function sentence(reason: Readonly<{ code: string; facts: Reason['facts'] }>, now?: number): string {
  const facts = factsReader(reason.facts, now);
  const make = Object.hasOwn(SENTENCES, reason.code) ? SENTENCES[reason.code as Reason['code']] : undefined; // own key: it is one of the codes
  return make
    ? make(facts) + saidBy(reason, facts)
    : `This was refused (${reason.code}). Your program is older than the one that refused; update it.`;
}

/** Which of several agents it was, where that is told beside the reason. */
function saidBy({ code }: { code: string }, facts: ReturnType<typeof factsReader>): string {
  return code !== 'AGENT_CLOSED' && facts.has('agent') ? ` The agent ${facts.name('agent', '')} said so.` : '';
}
