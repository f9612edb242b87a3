import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { testPrisma } from '@/test/prisma';

const { db, url } = await testPrisma();

function run(
  args: string[],
  environment: Record<string, string>,
  stdin = '',
): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'server/commands/create-operator.ts', ...args], {
      env: { ...process.env, DATABASE_URL: undefined, ...environment },
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
    child.stdin.on('error', () => {}); // it may have ended before it read
    child.stdin.end(stdin);
  });
}

const ada = ['--email', 'Ada@example.org', '--name', 'Ada'];

test('prints a link, then makes the account with a password from stdin, then knows the account', {
  timeout: 120_000,
}, async () => {
  const invited = await run(ada, { DATABASE_URL: url, MERIDIAN_URL: 'https://m.example.org/x' });
  expect(invited).toMatchObject({ code: 0, err: '' });
  expect(invited.out).toMatch(/https:\/\/m\.example\.org\/invite\/[\w-]{43}\n/);

  const made = await run([...ada, '--password-stdin'], { DATABASE_URL: url }, 'correct horse battery\n');
  expect(made).toMatchObject({ code: 0, out: 'Operator ada@example.org can sign in now.\n' });
  expect(await db.user.findUniqueOrThrow({ where: { email: 'ada@example.org' } })).toMatchObject({
    operator: true,
    name: 'Ada',
  });

  expect(await run(ada, { DATABASE_URL: url })).toMatchObject({
    code: 0,
    out: expect.stringContaining('has an account'),
  });
});

test.each([
  ['no database named', ada, {}, 78, /DATABASE_URL/],
  ['no e-mail address', ['--name', 'Ada'], { DATABASE_URL: 'postgresql://x' }, 64, /--email/],
  ['a database that is away', ada, { DATABASE_URL: 'postgresql://u:hushhush@127.0.0.1:1/none' }, 69, /cannot be used/],
  ['a short password', [...ada, '--password-stdin'], { DATABASE_URL: 'url' }, 65, /12 to 128/],
])('says in a sentence what is wrong: %s', { timeout: 60_000 }, async (_, args, environment, code, message) => {
  const given = {
    ...environment,
    ...('DATABASE_URL' in environment && environment.DATABASE_URL === 'url' && { DATABASE_URL: url }),
  };
  const ended = await run(args, given, 'short\n');
  expect(ended).toMatchObject({ code, out: '', err: expect.stringMatching(message) });
  expect(ended.err).not.toContain('hushhush');
  expect(ended.err.split('\n').length).toBeLessThan(5);
});
