import { LOGIN_BASE, parseUrn } from '../identity/urn';

const MAX = 20;

/** "plc:vicci:uw" → "uw"; the last part that names the site itself. */
export function siteSegment(siteUrn: string): string {
  const urn = parseUrn(siteUrn);
  return urn?.site?.split(':').at(-1) ?? urn?.authority ?? siteUrn;
}

/**
 * A login base for a new site: lower-case letters and digits of its URN's last part, with the authority before it when
 * that is taken, and a number when both are. `taken` answers for every base in use; the same answers give the same base.
 */
export function loginBaseFor(siteUrn: string, taken: (base: string) => boolean): string {
  const urn = parseUrn(siteUrn);
  const own = clean(siteSegment(siteUrn));
  const authority = clean([urn?.authority, ...(urn?.site?.split(':').slice(0, -1) ?? [])].join(''));
  for (const base of [own, cut(authority + own)]) {
    if (LOGIN_BASE.test(base) && !taken(base)) return base;
  }
  for (let n = 2; ; n++) {
    const base = cut(own, String(n));
    if (!taken(base)) return base;
  }
}

function clean(text: string): string {
  const kept = text.toLowerCase().replace(/[^a-z0-9]/g, '');
  return cut(/^[a-z]/.test(kept) ? kept : `s${kept}`);
}

const cut = (base: string, suffix = '') => base.slice(0, MAX - suffix.length) + suffix;
