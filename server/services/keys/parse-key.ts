import { createHash } from 'node:crypto';
import sshpk from 'sshpk';
import { Refused } from '@/core/errors';
import { MIN_RSA_BITS, SSH_KEY_TYPES, type SshKeyType } from '@/core/identity/ssh-key-types';

export type ParsedKey = { type: SshKeyType; publicKey: string; fingerprint: string };

const wrong = (problem: string) => new Refused('INVALID_INPUT', { field: 'publicKey', problem });

/**
 * One OpenSSH public key line, as in authorized_keys but without options: whoever adds a key must not add commands. What is kept
 * is the type and the key, never the comment. Nothing of the text is repeated in a refusal: it may be a private key.
 * @throws Refused INVALID_INPUT
 */
export function parseKey(text: string): ParsedKey {
  if (/PRIVATE KEY|PuTTY-User-Key-File|^b3BlbnNzaC1rZXk/m.test(text)) {
    throw wrong('this is a private key: it was not kept. Keep it secret, and paste the file that ends in .pub');
  }
  const line = text.trim();
  if (/[\r\n]/.test(line)) throw wrong('paste one public key, on one line');
  const [type, blob] = line.split(/[ \t]+/);
  const known = SSH_KEY_TYPES.find((t) => t === type);
  if (!known) throw wrong(unknownType(type ?? '', line));
  const bytes = blob && /^[A-Za-z0-9+/]+={0,2}$/.test(blob) ? Buffer.from(blob, 'base64') : null;
  if (!bytes || bytes.toString('base64') !== blob)
    throw wrong('the part after the type is not complete base64; copy the whole line');
  judge(known, bytes);
  const fingerprint = `SHA256:${createHash('sha256').update(bytes).digest('base64').replace(/=+$/, '')}`;
  return { type: known, publicKey: `${known} ${blob}`, fingerprint };
}

function unknownType(type: string, line: string): string {
  if (type === 'ssh-dss') return 'DSA keys are broken; make an Ed25519 key with ssh-keygen -t ed25519';
  if (SSH_KEY_TYPES.some((t) => line.includes(`${t} `)))
    return 'options before the key are not allowed; begin with the key’s type';
  return `a public key begins with its type, one of ${SSH_KEY_TYPES.slice(0, 5).join(', ')} or an sk- one`;
}

/** Does the blob hold a key of the type that the line says, complete and strong enough? */
function judge(type: SshKeyType, bytes: Buffer): void {
  const fields = wireFields(bytes);
  if (!fields || fields[0]?.toString('latin1') !== type)
    throw wrong('the key does not match its type; copy the whole line');
  // sshpk knows no security-key types; their keys are <type> [<curve>] <public key> <application> (PROTOCOL.u2f).
  if (type === 'sk-ssh-ed25519@openssh.com') {
    if (fields.length !== 3 || fields[1]?.length !== 32) throw wrong('the key is incomplete');
    return;
  }
  if (type === 'sk-ecdsa-sha2-nistp256@openssh.com') {
    if (fields.length !== 4 || fields[1]?.toString('latin1') !== 'nistp256' || fields[2]?.length !== 65)
      throw wrong('the key is incomplete');
    return;
  }
  let key: sshpk.Key;
  try {
    key = sshpk.parseKey(`${type} ${bytes.toString('base64')}`, 'ssh');
  } catch {
    throw wrong('the key is damaged; copy the whole line');
  }
  if (type === 'ssh-rsa' && key.size < MIN_RSA_BITS)
    throw wrong(`this RSA key has ${key.size} bits; at least ${MIN_RSA_BITS} are needed`);
}

/** SSH wire strings (RFC 4251 section 5): a length of 4 bytes and that many bytes, to the very end; null otherwise. */
function wireFields(bytes: Buffer): Buffer[] | null {
  const fields: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 4 > bytes.length) return null;
    const length = bytes.readUInt32BE(at);
    if (at + 4 + length > bytes.length) return null;
    fields.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return fields;
}
