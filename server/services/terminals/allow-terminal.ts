import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { TerminalLeave } from '@/protocol/api/terminal';
import { orRefused } from '@/protocol/transport/client';
import { insertOneTimeToken } from '@/server/data/one-time-tokens';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';
import { webServiceManager } from '@/server/service-manager/web';
import type { Person } from '@/server/services/policy';
import { hashSecret, mintSecret } from '@/server/services/secret-token';
import { sliverTarget } from '@/server/services/slices/sliver-target';

export const TERMINAL_TOKEN = 'terminal';
const TOKEN_MS = 30_000;

/**
 * Leave for this person to open one terminal in the slice's sliver on a node, within half a minute. Says here already when there can be none.
 * @throws Refused NO_WAY_IN, NOT_FOUND, CONFLICT, NO_LEASE, NODE_NOT_ENROLLED, NODE_UNREACHABLE
 */
export async function allowTerminal(
  db: Db,
  person: Person,
  slice: SliceFactsRow,
  name: string,
  now: Date,
): Promise<z.infer<typeof TerminalLeave>> {
  const { urn, hostname, address, jkt } = await sliverTarget(db, slice, name);
  const manager = await webServiceManager();
  const { noTerminal } = await orRefused(manager.node({ address, urn, jkt }).access.query({ slice: slice.urn }));
  if (noTerminal) throw new Refused('NO_WAY_IN', noTerminal.facts);
  const token = mintSecret();
  const value = JSON.stringify({ userId: person.id, slice: slice.name, sliceId: slice.id, node: urn });
  const expiresAt = new Date(now.getTime() + TOKEN_MS);
  await insertOneTimeToken(db, TERMINAL_TOKEN, { hash: hashSecret(token), value, expiresAt }, now);
  return { token, hostname };
}
