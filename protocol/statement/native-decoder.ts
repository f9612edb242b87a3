import { Buffer, isAscii } from 'node:buffer';
import { type Decoder, portableDecoder } from '@/core/statement/compact';

/**
 * Decodes as the portable decoder does, by Node's own means and several times faster. What those do not give back as it was is for the
 * portable one to judge, and so is text beyond ASCII.
 */
export const nativeDecoder: Decoder = {
  bytes(part) {
    const bytes = Buffer.from(part, 'base64url');
    return isSpelling(part, bytes) ? new Uint8Array(bytes) : portableDecoder.bytes(part);
  },
  text(part) {
    const bytes = Buffer.from(part, 'base64url');
    return isAscii(bytes) && isSpelling(part, bytes) ? bytes.toString('latin1') : portableDecoder.text(part);
  },
};

/** Node's decoder takes more than one spelling; only the canonical one comes back. */
function isSpelling(part: string, bytes: Buffer): boolean {
  return bytes.toString('base64url') === part;
}
