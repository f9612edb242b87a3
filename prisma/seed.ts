/**
 * Seeds the demo on DATABASE_URL and writes what people and programs need into MERIDIAN_DATA: accounts (demo.json), the
 * CLI's token (cli.json), this machine's enrolment token and the simulator's manifest, each 0600. Idempotent.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { Refused } from '@/core/errors';
import { REFUSAL_MAP } from '@/core/errors-map';
import { sentence } from '@/core/refusal-sentence';
import { openDb } from '@/server/db';
import { seedDemo } from '@/server/demo/seed';
import { DatabaseEnvironment, parseEnvironment, WebEnvironment } from '@/server/env';
import { enrolmentAuthority } from '@/server/services/fleet/enrolment-authority';

const Environment = DatabaseEnvironment.extend({
  MERIDIAN_URL: WebEnvironment.shape.MERIDIAN_URL,
  MERIDIAN_DATA: z.string().default('.data'),
  MERIDIAN_NODE_TOKEN_FILE: z.string().optional(),
  MERIDIAN_SIMULATOR_MANIFEST: z.string().optional(),
  MERIDIAN_DEMO_NODES: z.coerce.number('must be a number').int().min(0).max(180).catch(180).default(180),
});
const Accounts = z.object({
  accounts: z.array(z.object({ role: z.string(), name: z.string(), email: z.string(), password: z.string() })),
});

async function main(): Promise<void> {
  const environment = parseEnvironment(Environment);
  const data = resolve(environment.MERIDIAN_DATA);
  const files = {
    demo: join(data, 'demo.json'),
    cli: join(data, 'cli.json'),
    nodeToken: environment.MERIDIAN_NODE_TOKEN_FILE ?? join(data, 'this-machine.token'),
    manifest: environment.MERIDIAN_SIMULATOR_MANIFEST ?? join(data, 'simulator.jsonl'),
  };
  const db = openDb(environment.DATABASE_URL, 2);
  try {
    const seeded = await seedDemo(db, {
      authority: environment.MERIDIAN_AUTHORITY,
      enrolment: await enrolmentAuthority(db),
      known: readAccounts(files.demo),
      hasCliToken: existsSync(files.cli),
      nodes: environment.MERIDIAN_DEMO_NODES,
      now: new Date(),
    });
    if (seeded.cliToken)
      writeSecret(files.cli, JSON.stringify({ url: environment.MERIDIAN_URL, token: seeded.cliToken }));
    if (seeded.nodeToken) writeSecret(files.nodeToken, `${seeded.nodeToken}\n`);
    writeSecret(files.manifest, seeded.manifest.map((line) => `${JSON.stringify(line)}\n`).join(''));
    // Last: it is what says that a seed came to its end.
    writeSecret(files.demo, JSON.stringify({ url: environment.MERIDIAN_URL, accounts: seeded.accounts }, null, 2));
    console.log(JSON.stringify({ seeded: { nodes: seeded.manifest.length, accounts: seeded.accounts.length } }));
  } finally {
    await db.$disconnect();
  }
}

function readAccounts(file: string) {
  if (!existsSync(file)) return [];
  try {
    return Accounts.parse(JSON.parse(readFileSync(file, 'utf8'))).accounts;
  } catch {
    return []; // cut off by a crash: those accounts get new passwords
  }
}

/** Whole or not at all, and never readable by others, not even for a moment. */
function writeSecret(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const part = `${file}.part`;
  rmSync(part, { force: true });
  writeFileSync(part, text, { mode: 0o600 });
  chmodSync(part, 0o600);
  renameSync(part, file);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  console.error(sentence(error.reason));
  process.exitCode = REFUSAL_MAP[error.code].exit;
}
