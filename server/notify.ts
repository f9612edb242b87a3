import type { Tx } from './db';

/** What changed: sent on channel `meridian` in the transaction that changed the rows, so listeners see it after commit. */
export type Notice =
  | { k: 'sliver'; slice: string; ids: string[] }
  | { k: 'slice'; slice: string }
  | { k: 'node'; ids: string[] }
  | { k: 'request'; site: string; slice: string }
  | { k: 'user'; id: string }
  /** Who trusts whom for what: delegations, agents, partners, revocations. */
  | { k: 'trust' };

/** Postgres refuses payloads of 8,000 bytes and more. */
const MAX_BYTES = 7900;

/** NOTIFYs; a list of ids too long for one payload goes as several. */
export async function notify(tx: Tx, notice: Notice): Promise<void> {
  for (const payload of payloads(notice)) await tx.$executeRaw`SELECT pg_notify('meridian', ${payload})`;
}

function payloads(notice: Notice): string[] {
  const whole = JSON.stringify(notice);
  if (whole.length <= MAX_BYTES || !('ids' in notice)) return [whole];
  const half = Math.ceil(notice.ids.length / 2);
  return [notice.ids.slice(0, half), notice.ids.slice(half)].flatMap((ids) => payloads({ ...notice, ids }));
}
