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

/** The name of a deployment's first agent, and of others after it: `am.<name>`. */
export const AGENT_NAME = /^[a-z][a-z0-9-]{0,30}$/;

/** The URN of an agent in a deployment: of its first, or of the one of that name. */
export function agentUrn(authority: string, name: string | null = null): string {
  return formatUrn({ authority, kind: 'authority', name: name === null ? 'am' : `am.${name}` });
}

/** What a deployment calls a partner's agent or service manager: below its own authority, so that no partner can pass for a part of it. */
export function partnerUrn(authority: string, partner: string, name: 'am' | 'sm'): string {
  return formatUrn({ authority, site: partner, kind: 'authority', name });
}

/** The URN of the deployment's service manager. */
export function serviceManagerUrn(authority: string): string {
  return formatUrn({ authority, kind: 'authority', name: 'sm' });
}

/** What a URN entitles its holder to be in calls between programs, or null when it names nothing that calls. See `Peer`. */
export function peerKind(urn: string): Peer['kind'] | null {
  const parsed = parseUrn(urn);
  if (!parsed) return null;
  if (parsed.kind === 'node') return 'node';
  if (parsed.kind === 'user') return 'principal';
  if (parsed.kind !== 'authority') return null;
  if (parsed.site) return parsed.name === 'am' ? 'partner-agent' : parsed.name === 'sm' ? 'partner-manager' : null;
  if (parsed.name === 'am' || (parsed.name.startsWith('am.') && AGENT_NAME.test(parsed.name.slice(3)))) return 'agent';
  return parsed.name === 'sm' ? 'service-manager' : null;
}
