import { parseUrn } from '../identity/urn';

/** The site that a slice's resources count for: its login base, of another deployment `<authority>:<login base>`. */
export function siteOfSlice(sliceUrn: string, ownAuthority: string): string {
  const urn = parseUrn(sliceUrn);
  if (!urn) return sliceUrn;
  const base = urn.site ?? urn.name.split('_')[0] ?? urn.name;
  return urn.authority === ownAuthority ? base : `${urn.authority}:${base}`;
}
