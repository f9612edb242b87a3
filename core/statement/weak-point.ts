/**
 * Encodings of Ed25519 public keys that no honest key pair has (RFC 8032 section 5.1): y ≥ 2^255 − 19, which is a
 * second spelling of a smaller y, and the eight points of small order, under which one signature can hold for many
 * messages.
 */
export function isWeakPoint(raw: Uint8Array): boolean {
  if (raw.length !== 32) return true;
  // Only these stand second in any of them: nearly every key is told apart by this.
  if (raw[1] !== 0 && raw[1] !== 0xff && raw[1] !== 0xe8 && raw[1] !== 0x17) return false;
  const y = Array.from(raw, (b, i) => (i === 31 ? b & 0x7f : b)); // the top bit is the sign of x
  if (y[31] === 0x7f && y.slice(1, 31).every((b) => b === 0xff) && (y[0] ?? 0) >= 0xed) return true;
  const hex = y.map((b) => b.toString(16).padStart(2, '0')).join('');
  return SMALL_ORDER_Y.has(hex);
}

/** Little-endian y of the points of order 1, 2, 4 and 8 (each order-8 y belongs to two points). */
const SMALL_ORDER_Y = new Set([
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '00'.repeat(32),
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);
