import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Refused } from '@/core/errors';

/** Layout: version (1 byte, 1) · nonce (12) · tag (16) · ciphertext. */
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

/** Reads MERIDIAN_SEAL_KEY: 32 bytes as canonical base64url. Throws Refused CONFIG_INVALID, which never shows the value. */
export function parseSealKey(value: string): Buffer {
  const key = Buffer.from(value, 'base64url');
  if (key.length === 32 && key.toString('base64url') === value) return key;
  throw new Refused('CONFIG_INVALID', {
    variable: 'MERIDIAN_SEAL_KEY',
    problem: 'must be 32 bytes as base64url (43 characters)',
  });
}

/** Seals with AES-256-GCM. The name is bound in (AAD): a sealed row copied under another name does not open. */
export function seal(name: string, plain: Buffer, key: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(aad(name));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([Buffer.from([VERSION]), nonce, cipher.getAuthTag(), body]);
}

/** Opens what `seal` made under the same name and key. Throws Refused CONFIG_INVALID when key, name or bytes are not the same. */
export function unseal(name: string, sealed: Buffer, key: Buffer): Buffer {
  try {
    if (sealed.length < HEAD_BYTES || sealed[0] !== VERSION) throw new Error('not a sealed secret');
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(aad(name));
    decipher.setAuthTag(sealed.subarray(1 + NONCE_BYTES, HEAD_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES)), decipher.final()]);
  } catch (cause) {
    const problem = `does not open the sealed secret "${name}": this database was set up with another key`;
    throw new Refused('CONFIG_INVALID', { variable: 'MERIDIAN_SEAL_KEY', problem }, { cause });
  }
}

function aad(name: string): Buffer {
  return Buffer.from(`meridian-seal-v${VERSION}:${name}`);
}
