import { z } from 'zod';
import type { Reason } from '@/core/errors';
import { REFUSAL_CODES } from '@/core/errors';
import { ReasonSchema } from '@/protocol/node-manager/schemas';

const Code = z.enum(REFUSAL_CODES);
const Shape = z.object({ data: z.object({ refusal: ReasonSchema.extend({ code: Code }) }) });

/** The typed refusal that an error of the API carries, or null for a bug, an outage or a lost connection. */
export function refusalOf(error: unknown): Reason | null {
  const parsed = Shape.safeParse(error);
  return parsed.success ? parsed.data.data.refusal : null;
}

/** A stored reason, whose code may be one that this version does not know yet. */
export function knownReason(reason: { code: string; facts: Reason['facts'] }): Reason | null {
  const code = Code.safeParse(reason.code);
  return code.success ? { code: code.data, facts: reason.facts } : null;
}
