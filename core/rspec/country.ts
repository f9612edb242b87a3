import { iso1A2Code } from '@rapideditor/country-coder';

/** Why coordinates are not used, or where they lie. Degrees; country ISO 3166-1 alpha-2, dependent territories by their own code. */
export type Place = { ok: true; latitude: number; longitude: number; country: string } | { ok: false; why: string };

/**
 * Where coordinates lie, by offline borders (country-coder, with a margin at sea for coarse coasts). Machines stand on
 * land: a place in no country is a slip of the keyboard or a placeholder such as 0,0 or 1,1.
 */
export function placeOf(latitude: string | undefined, longitude: string | undefined): Place {
  const [lat, lon] = [degrees(latitude), degrees(longitude)];
  if (lat === null || lon === null) return { ok: false, why: 'not numbers' };
  if (Math.abs(lat) > 90 || Math.abs(lon) > 180)
    return { ok: false, why: 'outside ±90° of latitude or ±180° of longitude' };
  const country = iso1A2Code([lon, lat], { level: 'territory' });
  return country ? { ok: true, latitude: lat, longitude: lon, country } : { ok: false, why: 'at sea, in no country' };
}

function degrees(text: string | undefined): number | null {
  const trimmed = text?.trim() ?? '';
  return /^[+-]?\d{1,4}(\.\d{1,20})?$/.test(trimmed) ? Number(trimmed) : null;
}

/** Names that federations use and CLDR does not. */
const ALIASES: Readonly<Record<string, string>> = {
  'czech republic': 'CZ',
  'korea, republic of': 'KR',
  macau: 'MO',
  macedonia: 'MK',
  'republic of korea': 'KR',
  'russian federation': 'RU',
  turkey: 'TR',
  uk: 'GB',
  usa: 'US',
  'united states of america': 'US',
  'viet nam': 'VN',
};

let byName: Map<string, string> | undefined;

/** The code of a country's English name or of a two-letter code; null for what is neither. */
export function countryNamed(text: string): string | null {
  byName ??= names();
  return byName.get(text.trim().toLowerCase()) ?? null;
}

function names(): Map<string, string> {
  const english = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const map = new Map(Object.entries(ALIASES));
  for (const a of letters) {
    for (const b of letters) {
      const code = a + b;
      // country-coder knows which codes are countries: CLDR also names EU, UN, ZZ and codes of dead states.
      const name = iso1A2Code(code) === code ? english.of(code) : undefined;
      if (!name) continue;
      map.set(code.toLowerCase(), code);
      if (!map.has(name.toLowerCase())) map.set(name.toLowerCase(), code); // FR before FX, metropolitan France
    }
  }
  return map;
}
