import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Refused } from '@/core/errors';
import { caFingerprint } from '@/protocol/pki/certificate';
import { principalChallenge, proveChallenge } from '@/protocol/pki/challenge';
import { renewalDue, type TlsIdentity, tlsIdentity } from '@/protocol/pki/identity';
import { type IdentityKey, loadOrMakeIdentityKey } from '@/protocol/statement/keys';
import { anonymousAgentClient, orRefused } from '@/protocol/transport/client';
import { readWhole, writeWhole } from './folder';
import { AgentDial } from './state';

/** Where a service manager begins, as the deployment told at registration. */
const Manager = z.object({ urn: z.string(), ca: z.string(), agents: z.array(AgentDial).min(1).max(100) });
export type Manager = z.infer<typeof Manager>;
const Certified = z.object({ certificate: z.string(), ca: z.string() });

const keyPath = (folder: string) => join(folder, 'key.pem');

/** This folder's key; made, 0600, where there is none. */
export function keyOf(folder: string): Promise<IdentityKey> {
  return loadOrMakeIdentityKey(keyPath(folder));
}

export function keepManager(folder: string, manager: Manager): void {
  writeWhole(join(folder, 'manager.json'), `${JSON.stringify(Manager.parse(manager), null, 2)}\n`);
}

/** @throws Refused CONFIG_INVALID where no key was registered */
export function managerOf(folder: string): Manager {
  const manager = readWhole(join(folder, 'manager.json'), Manager);
  if (!manager || !existsSync(keyPath(folder)))
    throw new Refused('CONFIG_INVALID', {
      variable: folder,
      problem: 'holds no registered key; run: meridian key register',
    });
  return manager;
}

/**
 * Who this folder's key is in TLS: with the certificate that is kept, or a new one by proof of the key when that is past half of its life. The
 * deployment's CA is pinned by what registration told. @throws Refused WRONG_STATE (not approved yet), REVOKED, AGENT_UNREACHABLE
 */
export async function identityOf(folder: string, now: Date): Promise<TlsIdentity> {
  const [manager, key] = [managerOf(folder), await keyOf(folder)];
  const path = join(folder, 'certificate.json');
  const kept = readWhole(path, Certified);
  const known = kept && tlsIdentity(key, kept.certificate, kept.ca);
  if (known && !renewalDue(known, now)) return known;
  let problem: unknown = null;
  for (const agent of manager.agents)
    try {
      const fresh = await certify(manager, agent.address, key, now);
      writeWhole(path, JSON.stringify(fresh));
      return tlsIdentity(key, fresh.certificate, fresh.ca);
    } catch (err) {
      if (!(err instanceof Refused) || err.code !== 'AGENT_UNREACHABLE') throw err;
      problem = err;
    }
  if (known && known.notAfter > now) return known; // it holds yet, and nodes answer without the agent
  throw problem;
}

async function certify(manager: Manager, address: string, key: IdentityKey, now: Date) {
  const facts = { urn: manager.urn, publicKey: key.jwk, at: Math.floor(now.getTime() / 1000) };
  const proof = proveChallenge(principalChallenge(facts), key.privateKey);
  const { client, close } = anonymousAgentClient(address, manager.ca);
  try {
    const { certificate, ca } = await orRefused(client.certifyPrincipal.mutate({ ...facts, proof }));
    if (caFingerprint(ca) !== manager.ca)
      throw new Refused('CERTIFICATE_INVALID', { problem: 'the CA is not the one that was pinned' });
    return { certificate, ca };
  } finally {
    await close().catch(() => {});
  }
}
