import { REFUSAL_CODES, type Reason } from '@/core/errors';
import type { DecidableKeyView, HolderLeaseRow, ManagerStart, PrincipalKeyView } from '@/protocol/api/principal-keys';
import { ReasonSchema } from '@/protocol/node-manager/schemas';
import { findHolderLeases, findKeysToDecide, findOwnAgents, findPrincipalKeys } from '@/server/data/principal-keys';
import type { Tx } from '@/server/db';
import { enrolmentAuthority } from '../fleet/enrolment-authority';
import type { Person } from '../policy';
import { decidableView, keyView } from './views';

/** One's own keys, newest first. */
export async function listOwnKeys(db: Tx, person: Person): Promise<PrincipalKeyView[]> {
  return (await findPrincipalKeys(db, person.id)).map(keyView);
}

/** All keys that wait or count, for those who decide. */
export async function listKeysToDecide(db: Tx, person: Person): Promise<DecidableKeyView[]> {
  return (await findKeysToDecide(db)).map((row) => decidableView(row, person));
}

/** Where an own service manager begins. @throws Refused CONFIG_INVALID */
export async function managerStart(db: Tx, person: Person): Promise<ManagerStart> {
  const { caFingerprint } = await enrolmentAuthority(db);
  return { urn: person.urn, ca: caFingerprint, agents: await findOwnAgents(db) };
}

/** What nodes say of a slice that its people run by themselves. */
export async function listHolderLeases(db: Tx, sliceUrn: string): Promise<HolderLeaseRow[]> {
  return (await findHolderLeases(db, sliceUrn)).map((row) => ({
    node: row.node.urn,
    hostname: row.node.hostname,
    lease: row.jti,
    state: row.state,
    reason: reasonOf(row.reason),
    since: row.since,
    endsAt: row.endsAt,
    seenAt: row.seenAt,
    key: row.key,
  }));
}

/** A JSON column is a boundary too. */
function reasonOf(json: unknown): Reason | null {
  const read = ReasonSchema.safeParse(json);
  const code = read.success ? REFUSAL_CODES.find((known) => known === read.data.code) : undefined;
  return read.success && code ? { code, facts: read.data.facts } : null;
}
