import { createHash } from 'node:crypto';
import { formatUrn, parseUrn } from '@/core/identity/urn';
import type { Peer } from '../trpc';

/**
 * The name under which an identity is dialled over TLS (SNI and DNS SAN): `n-<first 20 hex of SHA-256(urn)>.meridian.internal`.
 * URNs hold characters that host names may not; the address that is dialled says nothing about who should answer.
 */
export function tlsName(urn: string): string {
  return `n-${createHash('sha256').update(urn).digest('hex').slice(0, 20)}.meridian.internal`;
}

/** The agent's URN in a deployment. */
export function agentUrn(authority: string): string {
  return formatUrn({ authority, kind: 'authority', name: 'am' });
}

/** The URN of the deployment's service manager. */
export function serviceManagerUrn(authority: string): string {
  return formatUrn({ authority, kind: 'authority', name: 'sm' });
}

/** What a URN entitles its holder to be in calls between programs, or null when it names nothing that calls. */
export function peerKind(urn: string): Peer['kind'] | null {
  const parsed = parseUrn(urn);
  if (!parsed) return null;
  if (parsed.kind === 'node') return 'node';
  if (parsed.kind !== 'authority' || parsed.site) return null;
  if (parsed.name === 'am') return 'agent';
  return parsed.name === 'sm' ? 'service-manager' : null;
}
