/**
 * JSON as Postgres prints a `jsonb`: members by the length of their names in UTF-8, then by bytes; ", " and ": " between; no exponents.
 * What is hashed of an audit row's facts (`core/audit/text.ts`). Numbers that a double cannot hold print otherwise than there.
 */
export function jsonbText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonbText).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, of]) => ({ name, bytes: utf8.encode(name), of }));
    members.sort((a, b) => a.bytes.length - b.bytes.length || byBytes(a.bytes, b.bytes));
    return `{${members.map(({ name, of }) => `${JSON.stringify(name)}: ${jsonbText(of)}`).join(', ')}}`;
  }
  if (typeof value === 'number') return withoutExponent(value);
  return JSON.stringify(value);
}

const utf8 = new TextEncoder();

function byBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** 1e-7 → 0.0000001, 1.5e+21 → 1500000000000000000000. */
function withoutExponent(value: number): string {
  const text = JSON.stringify(value);
  const [, sign = '', whole = '', fraction = '', exponent] = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text) ?? [];
  if (exponent === undefined) return text;
  const shift = Number(exponent);
  const digits = whole + fraction;
  const point = whole.length + shift;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0')}`;
}
