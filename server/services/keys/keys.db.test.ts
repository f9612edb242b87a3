import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { seedPerson, seedQueue, seedSite, someSpec } from '@/test/people';
import { testPrisma } from '@/test/prisma';
import { ECDSA, ED25519, RSA_1024, RSA_2048, SK_ED25519 } from '@/test/sample-keys';
import { requestSlice } from '../requests/request-slice';
import { addKey } from './add-key';
import { listKeys } from './list-keys';
import { parseKey } from './parse-key';
import { removeKey } from './remove-key';

const { db, pool, url } = await testPrisma();
const now = new Date('2026-03-01T12:00:00Z');
beforeAll(() => seedQueue(url));

describe('parseKey', () => {
  test.each([
    ['ssh-ed25519', ED25519],
    ['ecdsa-sha2-nistp256', ECDSA],
    ['ssh-rsa', RSA_2048],
    ['sk-ssh-ed25519@openssh.com', SK_ED25519],
  ])('takes %s and drops the comment', (type, line) => {
    const key = parseKey(`  ${line} me@laptop \n`);
    expect(key.type).toBe(type);
    expect(key.publicKey).toBe(line);
    expect(key.fingerprint).toMatch(/^SHA256:[\w+/]{43}$/);
  });

  test.each([
    ['options', `command="rm -rf /" ${ED25519}`, /options/],
    ['a forced command without quotes', `restrict ${ED25519}`, /options/],
    ['two lines', `${ED25519}\n${RSA_2048}`, /one line/],
    ['a short RSA key', RSA_1024, /1024 bits/],
    ['DSA', 'ssh-dss AAAAB3NzaC1kc3M=', /DSA/],
    ['a certificate', ED25519.replace('ssh-ed25519 ', 'ssh-ed25519-cert-v01@openssh.com '), /begins with its type/],
    ['another type than it says', ED25519.replace('ssh-ed25519', 'ssh-rsa'), /match its type/],
    ['a cut key', ED25519.slice(0, -8), /whole line|match its type/],
    ['a changed base64 ending', `${ED25519}=`, /base64/],
    ['no key at all', 'hello', /begins with its type/],
  ])('refuses %s', (_, text, problem) => {
    expect(() => parseKey(text)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    expect(() => parseKey(text)).toThrow(problem);
  });

  test('a private key is refused with a clear word, and nothing of it is repeated', () => {
    const body = 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmU';
    for (const text of [
      `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----`,
      `-----BEGIN RSA PRIVATE KEY-----\nMIIE${body}\n`,
      body,
      `PuTTY-User-Key-File-3: ssh-ed25519\n${body}`,
    ]) {
      const refused = (() => {
        try {
          return parseKey(text);
        } catch (err) {
          return err;
        }
      })();
      expect(String(refused)).toContain('this is a private key');
      expect(JSON.stringify(refused) + String(refused)).not.toContain(body.slice(0, 20));
    }
  });

  test('agrees with ssh-keygen about the fingerprint', ({ skip }) => {
    const dir = mkdtempSync(join(tmpdir(), 'meridian-key-'));
    try {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'k')]);
      const printed = execFileSync('ssh-keygen', ['-lf', join(dir, 'k.pub')]).toString();
      expect(printed).toContain(parseKey(readFileSync(join(dir, 'k.pub'), 'utf8')).fingerprint);
    } catch (err) {
      if (err instanceof Error && 'code' in err && err.code === 'ENOENT') skip('ssh-keygen is not installed');
      throw err;
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

test('a key is kept once, and each change reaches the person’s live slices, once a slice', async () => {
  const site = await seedSite(db, 'keys');
  const person = await seedPerson(db, { roles: [[site.id, 'researcher']] });
  const live = await requestSlice(db, person, someSpec('keys'), now);
  await requestSlice(db, person, someSpec('keys'), now); // only asked for: has no slivers
  await db.slice.updateMany({ where: { name: live.name }, data: { state: 'active' } });
  const { id: sliceId } = await db.slice.findFirstOrThrow({ where: { name: live.name } });
  const jobs = async () =>
    (await pool.query('select key from graphile_worker._private_jobs')).rows.map((row) => row.key);

  const key = await addKey(db, person, { name: 'laptop', publicKey: ED25519 }, now);
  expect(key).toMatchObject({ name: 'laptop', type: 'ssh-ed25519' });
  expect(await jobs()).toEqual([`set-keys:${sliceId}`]);
  await expect(addKey(db, person, { name: 'again', publicKey: `${ED25519} other` }, now)).rejects.toMatchObject({
    code: 'CONFLICT',
  });
  expect(await listKeys(db, person.id)).toEqual([key]);
  await removeKey(db, person, key.id, now);
  expect(await jobs()).toEqual([`set-keys:${sliceId}`]);
  expect(await listKeys(db, person.id)).toEqual([]);
});

test('another’s key cannot be removed, and looks as if it were not there', async () => {
  const [owner, other] = [await seedPerson(db), await seedPerson(db)];
  const { id } = await addKey(db, owner, { name: 'k', publicKey: RSA_2048 }, now);
  await expect(removeKey(db, other, id, now)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await listKeys(db, owner.id)).toHaveLength(1);
});
