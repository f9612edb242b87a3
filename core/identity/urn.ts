/**
 * GENI URNs: urn:publicid:IDN+<authority>[:<site>]+{authority|user|slice|node|sliver}+<name>. A node is known by its
 * URN, never by its hostname alone: real federations repeat hostnames.
 */
export const URN_KINDS = ['authority', 'user', 'slice', 'node', 'sliver'] as const;
export type UrnKind = (typeof URN_KINDS)[number];
export type Urn = { authority: string; site?: string; kind: UrnKind; name: string };

/** At most 256 characters in all. Imported names hold letters, digits and . _ - : @ \ in practice. */
const URN =
  /^urn:publicid:IDN\+([A-Za-z0-9.-]{1,64})(?::([A-Za-z0-9._:-]{1,64}))?\+(authority|user|slice|node|sliver)\+([A-Za-z0-9._@:-]{1,128})$/;

export function parseUrn(text: string): Urn | null {
  if (text.length > 256) return null;
  const m = URN.exec(text);
  if (!m?.[1] || !m[3] || !m[4]) return null;
  return { authority: m[1], ...(m[2] ? { site: m[2] } : {}), kind: m[3] as UrnKind, name: m[4] };
}

export function formatUrn(u: Urn): string {
  return `urn:publicid:IDN+${u.authority}${u.site ? `:${u.site}` : ''}+${u.kind}+${u.name}`;
}

/** <site login base>_<name>: lower case, at most 32 characters, a valid login. */
export const SLICE_NAME = /^(?=.{3,32}$)[a-z][a-z0-9]{0,19}_[a-z][a-z0-9]*$/;
export const LOGIN_BASE = /^[a-z][a-z0-9]{0,19}$/;
