import { createHash, generateKeyPairSync } from 'node:crypto';

export type HostKey = {
  /** In OpenSSH's own form, without a passphrase. */
  privateKey: string;
  /** "ssh-ed25519 AAAA…", as it stands in known_hosts and authorized_keys. */
  publicKey: string;
};

const TYPE = 'ssh-ed25519';
/** An Ed25519 key in DER ends with its 32 bytes (RFC 8410). */
const RAW_BYTES = 32;
/** The cipher "none" works in blocks of 8 (OpenSSH's PROTOCOL.key). */
const BLOCK = 8;

/** A new Ed25519 key for a sliver's sshd, which reads no other form than OpenSSH's. */
export function generateHostKey(): HostKey {
  const pair = generateKeyPairSync('ed25519');
  const seed = pair.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-RAW_BYTES);
  const point = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-RAW_BYTES);
  const blob = Buffer.concat([packed(TYPE), packed(point)]);
  const check = Buffer.alloc(8); // twice the same number, which only an encrypted key would need to vary
  const secret = [check, packed(TYPE), packed(point), packed(Buffer.concat([seed, point])), packed('')];
  const length = secret.reduce((sum, part) => sum + part.length, 0);
  const padding = Buffer.from(Array.from({ length: (BLOCK - (length % BLOCK)) % BLOCK }, (_, i) => i + 1));
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[packed('none'), packed('none'), packed('')],
    number(1),
    packed(blob),
    packed(Buffer.concat([...secret, padding])),
  ]);
  const lines = body.toString('base64').match(/.{1,70}/g) ?? [];
  return {
    privateKey: `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`,
    publicKey: `${TYPE} ${blob.toString('base64')}`,
  };
}

/** "SHA256:…" of a public key line, as ssh prints it; null for what is none. */
export function fingerprintOf(line: string): string | null {
  const blob = line.split(' ')[1];
  if (!blob) return null;
  const digest = createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function packed(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([number(bytes.length), bytes]);
}
