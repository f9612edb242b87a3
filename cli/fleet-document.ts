import { request } from 'undici';
import { z } from 'zod';
import { REFUSAL_CODES, Refused } from '@/core/errors';
import { ReasonSchema } from '@/protocol/node-manager/schemas';
import type { Settings } from './settings';

const Said = z.object({ refusal: ReasonSchema.extend({ code: z.enum(REFUSAL_CODES) }) });

/** The whole fleet as one document, as it came. @throws Refused, or an Error when nothing of ours answers */
export async function fleetDocument({ url, token }: Settings, form: 'json' | 'xml'): Promise<string> {
  if (!token) throw new Refused('NOT_SIGNED_IN');
  const answer = await request(`${url}/api/fleet/document.${form}`, { headers: { authorization: `Bearer ${token}` } });
  const text = await answer.body.text();
  if (answer.statusCode === 200) return text;
  const said = Said.safeParse(jsonOf(text));
  if (said.success) throw new Refused(said.data.refusal.code, said.data.refusal.facts);
  throw new Error(`${url} answered ${answer.statusCode}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
