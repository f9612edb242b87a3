import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type IdentityKey, loadOrMakeIdentityKey } from '@/protocol/statement/keys';
import { inTransaction, type Pool } from './store/database';
import { announceNext, presentKey, readRotation, takeNext } from './store/rotation';

/** How often an agent looks whether it is asked for another key, and how far its nodes are with that. */
export const ROTATION_LOOK_MS = 2_000;
/** Nodes that are online and still do not delegate to the next key after this long keep it from its place no longer. */
const DEADLINE_SECONDS = 600;

const present = (folder: string) => join(folder, 'identity.pem');
const next = (folder: string) => join(folder, 'identity-next.pem');

/**
 * The agent's key: made on first use. A crash may have come between the database's word that the next key took the present one's place and
 * that of the files: then the database has it.
 */
export async function loadAgentKey(pool: Pool, urn: string, folder: string): Promise<IdentityKey> {
  if (existsSync(next(folder))) {
    const key = await loadOrMakeIdentityKey(next(folder));
    if ((await presentKey(pool, urn)) === key.jkt) putInPlace(folder, await loadOrMakeIdentityKey(present(folder)));
  }
  return await loadOrMakeIdentityKey(present(folder));
}

/** The key of before is kept under its name: what it signed may have to be looked at. */
function putInPlace(folder: string, before: IdentityKey): void {
  renameSync(present(folder), join(folder, `identity-${before.jkt.slice(0, 12)}.pem`));
  renameSync(next(folder), present(folder));
}

/**
 * One look: makes the next key where one is asked for, announces it, and takes it into use when all nodes that are online delegate to it beside
 * the present one, or the time is over. Gives the key to use from now on when that changed. Safe to do again at any point.
 */
export async function lookAtRotation(pool: Pool, agentId: string, folder: string): Promise<IdentityKey | null> {
  const rotation = await readRotation(pool, agentId);
  if (!rotation || (!rotation.asked && !rotation.nextJkt)) return null;
  const key = await loadOrMakeIdentityKey(next(folder));
  if (rotation.nextJkt !== key.jkt) {
    await announceNext(pool, agentId, { jkt: key.jkt, x: key.jwk.x });
    return null;
  }
  if (rotation.behind > 0 && rotation.seconds < DEADLINE_SECONDS) return null;
  const before = await loadOrMakeIdentityKey(present(folder));
  if (!(await inTransaction(pool, (tx) => takeNext(tx, agentId, key.jkt)))) return null;
  putInPlace(folder, before);
  return key;
}
