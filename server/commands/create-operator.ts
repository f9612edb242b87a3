/**
 * Makes the first operator, straight on DATABASE_URL: it must work before anybody can sign in.
 *   node --import tsx server/commands/create-operator.ts --email ada@example.org --name "Ada" [--password-stdin]
 * Without --password-stdin it prints a one-time link. The password is read from stdin: arguments show in process lists.
 */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { Refused } from '@/core/errors';
import { REFUSAL_MAP } from '@/core/errors-map';
import { openDb } from '@/server/db';
import { DatabaseEnvironment, parseEnvironment, WebEnvironment } from '@/server/env';
import { createOperator, type OperatorMade } from '@/server/services/people/create-operator';

const Arguments = z.object({
  email: z.email('must be an e-mail address').max(254),
  name: z.string().trim().min(1, 'must not be empty').max(100),
  'password-stdin': z.boolean().default(false),
});

async function main(): Promise<number> {
  const parsed = Arguments.safeParse(argumentsGiven());
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    console.error(
      `--${issue?.path.join('.')}: ${issue?.message}\nusage: create-operator --email <address> --name <name> [--password-stdin]`,
    );
    return 64; // EX_USAGE
  }
  const environment = parseEnvironment(DatabaseEnvironment.extend(WebEnvironment.pick({ MERIDIAN_URL: true }).shape));
  const password = parsed.data['password-stdin'] ? await firstLine() : undefined;
  const db = openDb(environment.DATABASE_URL, 1);
  try {
    console.log(said(await createOperator(db, { ...parsed.data, password }, environment.MERIDIAN_URL, new Date())));
    return 0;
  } finally {
    await db.$disconnect();
  }
}

function argumentsGiven() {
  const options = {
    email: { type: 'string' },
    name: { type: 'string' },
    'password-stdin': { type: 'boolean' },
  } as const;
  return parseArgs({ options }).values;
}

function said(made: OperatorMade): string {
  if (made.how === 'account') return `Operator ${made.email} can sign in now.`;
  if (made.how === 'promoted') return `${made.email} has an account and is an operator; the password is as it was.`;
  return `Open this link once, before ${made.expiresAt.toISOString()}, to set a password for ${made.email}:\n${made.link}`;
}

async function firstLine(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) {
    text += chunk;
    if (text.includes('\n') || text.length > 1000) break;
  }
  return text.split('\n')[0]?.replace(/\r$/, '') ?? '';
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (err: unknown) => {
    if (err instanceof Refused) {
      console.error(`${err.code}: ${Object.values(err.facts).join(' ')}`);
      process.exitCode = REFUSAL_MAP[err.code].exit;
      return;
    }
    // Prisma's messages hold no connection string; the first line says what is unreachable.
    console.error(
      `The database cannot be used: ${err instanceof Error ? err.message.trim().split('\n').at(-1) : String(err)}`,
    );
    process.exitCode = 69; // EX_UNAVAILABLE
  },
);
