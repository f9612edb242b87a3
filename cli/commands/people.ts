import { spawn } from 'node:child_process';
import { hostname } from 'node:os';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Command } from 'commander';
import { Refused } from '@/core/errors';
import { clientWith } from '../client';
import { json } from '../print';
import { action, type Io, signedIn } from '../run';
import { databaseEnvironment, ROOT, type Settings, store, storedFile } from '../settings';

const TOKEN_DAYS = 90;

/** `meridian login|whoami`, `operator create`. */
export function peopleCommands(program: Command, io: Io): void {
  program
    .command('login')
    .description('sign in and keep a token for this computer')
    .option('--email <address>', 'whose account')
    .option('--token-stdin', 'read a token made on the account page from standard input instead')
    .action(
      action(io, async (settings, options: { email?: string; tokenStdin?: boolean }) => {
        const token = options.tokenStdin
          ? await line('')
          : await tokenByPassword(settings, options.email ?? (await line('E-mail: ')));
        const me = await clientWith(settings.url, { authorization: `Bearer ${token}` }).me.get.query();
        store({ url: settings.url, token });
        if (settings.json) io.out(`${json({ email: me.person.email, url: settings.url })}\n`);
        else
          io.out(
            `Signed in to ${settings.url} as ${me.person.email}. The token is in ${storedFile()}, readable by you only.\n`,
          );
        return 0;
      }),
    );
  program
    .command('whoami')
    .description('whose token this is')
    .action(
      signedIn(io, async ({ client, settings }) => {
        const { person, memberships } = await client.me.get.query();
        if (settings.json) io.out(`${json({ person, memberships })}\n`);
        else {
          const roles = memberships.map((each) => `${each.role} of ${each.site.loginBase}`);
          io.out(
            `${person.name} <${person.email}>${person.operator ? ', operator' : ''}${roles.length ? `, ${roles.join(', ')}` : ''}, at ${settings.url}\n`,
          );
        }
        return 0;
      }),
    );
  program
    .command('operator')
    .description('operators of this deployment')
    .command('create')
    .description(
      'make an operator, straight in the database: DATABASE_URL, else that of the system that npm start runs here',
    )
    .requiredOption('--email <address>', 'e-mail address to sign in with')
    .requiredOption('--name <name>', 'the name that others see')
    .option('--password-stdin', 'read the password from standard input; else a one-time link is printed')
    .action((options: { email: string; name: string; passwordStdin?: boolean }) => {
      const given = [
        '--email',
        options.email,
        '--name',
        options.name,
        ...(options.passwordStdin ? ['--password-stdin'] : []),
      ];
      return new Promise<void>((done, failed) => {
        const child = spawn(process.execPath, ['--import', 'tsx', 'server/commands/create-operator.ts', ...given], {
          cwd: ROOT,
          stdio: 'inherit',
          env: { ...process.env, ...databaseEnvironment() },
        });
        child.once('error', failed);
        child.once('close', (code) => {
          process.exitCode = code ?? 1;
          done();
        });
      });
    });
}

/** Signs in as a browser would, and trades the session for a token. */
async function tokenByPassword({ url }: Settings, email: string): Promise<string> {
  const password = await line('Password: ', true);
  const answer = await fetch(`${url}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ email, password }),
    signal: AbortSignal.timeout(30_000),
  });
  if (answer.status === 429)
    throw new Refused('RATE_LIMITED', { retryAfterSeconds: Number(answer.headers.get('retry-after') ?? 60) });
  if (!answer.ok) throw new Refused('INVALID_INPUT', { field: 'e-mail or password', problem: 'is not right' });
  const cookie = answer.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ');
  const client = clientWith(url, { cookie, origin: url });
  return (await client.tokens.create.mutate({ name: `Command line on ${hostname()}`.slice(0, 100), days: TOKEN_DAYS }))
    .token;
}

/** One line from standard input; `hidden` does not echo what is typed. */
async function line(question: string, hidden = false): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write(question);
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr;
  const lines = createInterface({ input: process.stdin, output, terminal: hidden && process.stdin.isTTY });
  try {
    for await (const text of lines) return text.trim();
    throw new Refused('INVALID_INPUT', { field: 'standard input', problem: 'is empty' });
  } finally {
    lines.close();
    if (hidden && process.stdin.isTTY) process.stderr.write('\n');
  }
}
