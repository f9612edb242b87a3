import { z } from 'zod';
import { Refused } from '@/core/errors';
import { takeOneTimeToken } from '@/server/data/one-time-tokens';
import { findSliceFacts, type SliceFactsRow } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';
import { audit } from '@/server/services/audit';
import { demand, type Person } from '@/server/services/policy';
import { hashSecret } from '@/server/services/secret-token';
import { type SliverTarget, sliverTarget } from '@/server/services/slices/sliver-target';
import { TERMINAL_TOKEN } from './allow-terminal';

const Leave = z.object({ userId: z.string(), slice: z.string(), sliceId: z.string(), node: z.string() });

export type Entered = { person: Person; slice: SliceFactsRow; target: SliverTarget };

/** What a terminal's token opens, for the person whom it was given to. The audit log says so before anything runs. @throws Refused */
export async function enterTerminal(db: Db, person: Person, token: string, now: Date): Promise<Entered> {
  const value = await takeOneTimeToken(db, TERMINAL_TOKEN, hashSecret(token), now);
  const leave = value === null ? null : Leave.parse(JSON.parse(value));
  if (leave?.userId !== person.id) throw new Refused('TOKEN_INVALID', { problem: 'it was used, or is too old' });
  const slice = await mayStay(db, person, leave.slice, leave.sliceId);
  const target = await sliverTarget(db, slice, leave.node);
  const entered = { person, slice, target };
  await writeDown(db, entered, 'slice.terminal.open', {}, now);
  return entered;
}

/** The slice, as long as the person may have a terminal in it. @throws Refused NOT_FOUND, NOT_ALLOWED */
export async function mayStay(db: Db, person: Person | null, name: string, sliceId: string): Promise<SliceFactsRow> {
  const slice = await findSliceFacts(db, name);
  if (slice?.id !== sliceId) throw new Refused('NOT_FOUND', { kind: 'slice', id: name });
  demand(person, 'slice.terminal', slice);
  return slice;
}

/** Who, when and how long; never what was typed or shown. */
export function writeDown(
  db: Db,
  { person, slice, target }: Entered,
  action: 'slice.terminal.open' | 'slice.terminal.close',
  more: Record<string, string | number | null>,
  now: Date,
): Promise<void> {
  const member = slice.memberIds.includes(person.id);
  const facts = { node: target.urn, hostname: target.hostname, member, ...more };
  const object = { kind: 'slice', id: slice.name, siteId: slice.siteId };
  return db.$transaction((tx) => audit(tx, person, action, object, facts, now));
}
