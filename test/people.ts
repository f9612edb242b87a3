import { runMigrations } from 'graphile-worker';
import type { SliceSpec } from '@/protocol/api/slice';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { findPerson, upsertMembership } from '@/server/data/people';
import type { QuotaRow } from '@/server/data/quotas';
import type { Db } from '@/server/db';
import { createAccount, passwordHash } from '@/server/services/people/create-account';
import type { Person, Role } from '@/server/services/policy';

/** The password of every person that these fixtures make. */
export const PASSWORD = 'correct horse battery';
const AMPLE: QuotaRow = {
  slivers: 100,
  cpuMilli: 100_000,
  memoryMiB: 100_000,
  diskMiB: 1_000_000,
  networkKbps: 1_000_000,
  maxTermSeconds: 30 * 86_400,
  maxTotalSeconds: 180 * 86_400,
};

let hash: Promise<string> | undefined;
let count = 0;

/** Lets the database take jobs: the queue's own tables, as a worker makes them at its start. */
export function seedQueue(url: string): Promise<void> {
  return runMigrations({ connectionString: url });
}

/** A site with an ample quota (or that one, or none). */
export async function seedSite(db: Db, loginBase: string, quota: Partial<QuotaRow> | null = {}) {
  return db.site.create({
    data: {
      loginBase,
      name: `University of ${loginBase}`,
      urn: `urn:publicid:IDN+meridian:${loginBase}+authority+sa`,
      country: 'FR',
      ...(quota && { quota: { create: { ...AMPLE, ...quota } } }),
    },
  });
}

/** A person with PASSWORD, in these roles at these sites. */
export async function seedPerson(
  db: Db,
  what: { name?: string; operator?: boolean; roles?: readonly (readonly [siteId: string, role: Role])[] } = {},
): Promise<Person> {
  hash ??= passwordHash(PASSWORD);
  const passwordOf = await hash;
  const name = what.name ?? `person${++count}`;
  const email = `${name}.${++count}@example.org`;
  const id = await db.$transaction(async (tx) => {
    const account = { name, email, passwordHash: passwordOf, operator: what.operator ?? false };
    const made = await createAccount(tx, account, new Date());
    for (const [siteId, role] of what.roles ?? []) await upsertMembership(tx, made.id, siteId, role);
    return made.id;
  });
  const person = await findPerson(db, id);
  if (!person) throw new Error('the person was just made');
  return person;
}

/** A spec that a site with an ample quota grants. */
export function someSpec(site: string, change: Partial<SliceSpec> = {}): SliceSpec {
  return {
    site,
    shortName: `s${++count}`,
    reason: 'To measure how far packets travel.',
    count: 4,
    picked: [],
    onlyCountries: [],
    minCountries: 1,
    maxPerSite: 1000,
    resources: DEFAULT_RESOURCES,
    termSeconds: 14 * 86_400,
    minimum: 2,
    substitute: true,
    ownManager: false,
    ...change,
  };
}

/** Nodes of a site that could take slivers at `now`: enrolled, booted, delegated, just heard of. */
export async function seedNodes(
  db: Db,
  siteId: string,
  count: number,
  now: Date,
  change: { country?: string; freeMemoryMiB?: number; prefix?: string } = {},
): Promise<string[]> {
  const agent = await db.agent.upsert({
    where: { urn: 'urn:publicid:IDN+meridian+authority+am' },
    create: { urn: 'urn:publicid:IDN+meridian+authority+am', jkt: 'agent', publicKey: '', address: 'localhost:1' },
    update: {},
  });
  const amounts = { cpuMilli: 8000, memoryMiB: 16_000, diskMiB: 100_000, networkKbps: 100_000 };
  const prefix = change.prefix ?? `n${siteId.slice(-6)}`;
  const urns = Array.from({ length: count }, (_, i) => `urn:publicid:IDN+meridian+node+${prefix}-${i}`);
  const nodes = await db.node.createManyAndReturn({
    data: urns.map((urn, i) => ({
      urn,
      hostname: `${prefix}-${i}.example.org`,
      siteId,
      country: change.country ?? 'FR',
      bootState: 'boot' as const,
      enrolledAt: now,
      ...amounts,
    })),
    select: { id: true },
  });
  await db.heartbeat.createMany({
    data: nodes.map(({ id }) => ({
      nodeId: id,
      at: now,
      since: now,
      incarnation: 'i',
      freeCpuMilli: amounts.cpuMilli,
      freeMemoryMiB: change.freeMemoryMiB ?? amounts.memoryMiB,
      freeDiskMiB: amounts.diskMiB,
      freeNetworkKbps: amounts.networkKbps,
    })),
  });
  await db.delegation.createMany({
    data: nodes.map(({ id }) => ({
      nodeId: id,
      agentId: agent.id,
      granteeJkt: agent.jkt,
      iss: id,
      jti: 'd',
      line: agent.jkt,
      text: '',
      incarnation: 'i',
      ...amounts,
      degreeMilli: 1000,
      notBefore: now,
      notAfter: new Date(now.getTime() + 86_400_000),
    })),
  });
  return urns;
}
