import { expect, test } from 'vitest';
import { readableAddress } from './readable-address';

test('an address whose path cannot be decoded leads nowhere; all others stay as they are', () => {
  for (const url of ['/slices/%E0%A4%A', '/%', '/invite/%zz?next=/'] as const) expect(readableAddress(url)).toBe('/-');
  for (const url of ['/', '/sites/%F0%9F%A6%8A', '/slices?q=100%', undefined]) expect(readableAddress(url)).toBe(url);
});
