import { randomBytes } from 'node:crypto';
import { addDemoNodes, addDemoSites, addQuotas, setPasswordHash, unenrolledNodes } from '@/server/data/demo';
import { findUserByEmail, upsertMembership } from '@/server/data/people';
import type { Db, Tx } from '@/server/db';
import { type EnrolmentAuthority, issueEnrolmentTokens } from '@/server/services/fleet/enrolment';
import { createAccount, passwordHash } from '@/server/services/people/create-account';
import { createToken } from '@/server/services/tokens/create-token';
import { DEMO_HOME, demoFleet, thisMachineUrn } from './fleet';
import { CITY_QUOTA, DEMO_PEOPLE, DEMO_QUOTA } from './people';

export type DemoAccount = { role: string; name: string; email: string; password: string };
export type ManifestLine = { node: string; token: string | null; behaviour: string; startMs: number };
/** What the seed leaves for files. A null token: that node has enrolled, or the CLI has one already. */
export type Seeded = {
  accounts: DemoAccount[];
  manifest: ManifestLine[];
  nodeToken: string | null;
  cliToken: string | null;
};

export type SeedOptions = {
  authority: string;
  enrolment: EnrolmentAuthority;
  /** Accounts that an earlier seed wrote down: their passwords stay. */
  known: readonly DemoAccount[];
  /** Does the CLI hold a token already? */
  hasCliToken: boolean;
  /** At most so many simulated nodes. */
  nodes: number;
  now: Date;
};

/** Tokens of a demo wait for the system's first start, however late that is. */
const TOKEN_SECONDS = 30 * 86_400;
const CLI_TOKEN_DAYS = 365;

/**
 * Fills a deployment with the demo's sites, nodes, quotas and people. Idempotent: what is there stays as it is, what
 * people changed since included; an account whose password is written down nowhere gets a new one.
 */
export async function seedDemo(db: Db, options: SeedOptions): Promise<Seeded> {
  const accounts = DEMO_PEOPLE.map((person): DemoAccount => {
    const password = options.known.find((account) => account.email === person.email)?.password;
    return { role: person.role, name: person.name, email: person.email, password: password ?? newPassword() };
  });
  const written = new Set(options.known.map((account) => account.email));
  // scrypt takes its time on purpose: before the transaction, and only for whom it is needed.
  const hashes = new Map<string, string>();
  for (const account of accounts) {
    if (!written.has(account.email) || !(await findUserByEmail(db, account.email)))
      hashes.set(account.email, await passwordHash(account.password));
  }
  const { manifest, nodeToken, operator } = await db.$transaction(
    async (tx) => {
      const home = await seedFleet(tx, options);
      for (const account of accounts) await seedPerson(tx, account, home, hashes.get(account.email), options.now);
      return { ...(await seedTokens(tx, options)), operator: await findUserByEmail(tx, 'operator@demo.example') };
    },
    { timeout: 60_000 },
  );
  const cli = { name: 'Demo command line', days: CLI_TOKEN_DAYS };
  const cliToken = options.hasCliToken || !operator ? null : (await createToken(db, operator, cli, options.now)).token;
  return { accounts, manifest, nodeToken, cliToken };
}

/** Sites, quotas and nodes; answers the id of the home site. */
async function seedFleet(tx: Tx, options: SeedOptions): Promise<string> {
  const { sites, nodes } = chosen(options);
  const ids = await addDemoSites(tx, sites);
  const withIds = new Map(sites.map((site) => [site.loginBase, { ...site, id: ids.get(site.loginBase) ?? '' }]));
  await addQuotas(
    tx,
    [...withIds.values()].map(({ id, loginBase }) => ({
      siteId: id,
      ...(loginBase === DEMO_HOME ? DEMO_QUOTA : CITY_QUOTA),
    })),
  );
  await addDemoNodes(tx, nodes, withIds);
  return ids.get(DEMO_HOME) ?? '';
}

/** The demo fleet with at most `nodes` simulated ones, spread over the cities before any city gets its second. */
function chosen({ authority, nodes: most }: SeedOptions) {
  const { sites, nodes } = demoFleet(authority);
  const simulated = nodes.filter((node) => node.simulated);
  const inTurn = [...simulated].sort((a, b) => a.hostname.slice(0, 5).localeCompare(b.hostname.slice(0, 5)));
  const kept = new Set(inTurn.slice(0, most));
  return { sites, nodes: nodes.filter((node) => !node.simulated || kept.has(node)) };
}

async function seedPerson(
  tx: Tx,
  account: DemoAccount,
  homeId: string,
  hash: string | undefined,
  now: Date,
): Promise<void> {
  const person = DEMO_PEOPLE.find((each) => each.email === account.email);
  if (!person) return;
  const known = await findUserByEmail(tx, account.email);
  if (known && hash) await setPasswordHash(tx, known.id, hash);
  if (known || !hash) return;
  const { id } = await createAccount(
    tx,
    { name: person.name, email: person.email, passwordHash: hash, operator: person.operator },
    now,
  );
  for (const role of person.memberships) await upsertMembership(tx, id, homeId, role);
}

async function seedTokens(
  tx: Tx,
  options: SeedOptions,
): Promise<{ manifest: ManifestLine[]; nodeToken: string | null }> {
  const { nodes } = chosen(options);
  const waiting = await unenrolledNodes(
    tx,
    nodes.map((node) => node.urn),
  );
  const ids = new Map(waiting.map((node) => [node.urn, node.id]));
  const { tokens } = await issueEnrolmentTokens(tx, options.enrolment, waiting, {
    by: null,
    now: options.now,
    ttlSeconds: TOKEN_SECONDS,
  });
  const tokenOf = (urn: string) => tokens.get(ids.get(urn) ?? '') ?? null;
  const manifest = nodes
    .filter((node) => node.simulated)
    .map(({ urn, behaviour, startMs }): ManifestLine => ({ node: urn, token: tokenOf(urn), behaviour, startMs }));
  return { manifest, nodeToken: tokenOf(thisMachineUrn(options.authority)) };
}

/** 96 random bits in a form that can be typed: "k3xq-9f2m-…". */
function newPassword(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789a'; // 32 letters; the a twice keeps it even
  const letters = [...randomBytes(20)].map((byte) => alphabet[byte % 32]).join('');
  return letters.replace(/(.{5})(?=.)/g, '$1-');
}
