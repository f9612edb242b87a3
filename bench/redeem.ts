import { sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RedeemingNode, startRedeemingNode } from './redeem/redeeming-node';

/**
 * Redemptions a second on one node: a process of its own with its journal on the disk and the simulated driver, asked over TLS
 * by four callers with a connection or more each. Each ticket is redeemed once, for a slice of its own, and counts when its signed
 * lease is back: it is durable then. Leases are released between the rounds. `redeem`: sixteen tickets a call, as a caller with many
 * sends them; `redeem-one`: a call for each, eight of each caller under way at once.
 *
 * `limit` is the raw cost of the same work in the same run with the same batching, on one thread: verify the ticket's signature, sign a
 * lease of the same length, and write both to a file, synced as often as the node synced in that round. The median of the rounds counts.
 */
const ROUNDS = 2;
const COUNT = 1_000;

type Measured = { ms: number; rawMs: number; cpuMs: number; batch: number };
type Way = { lanes: number; atOnce: number };
const WAYS: Record<string, Way> = {
  redeem: { lanes: 2, atOnce: 16 },
  'redeem-one': { lanes: 8, atOnce: 1 },
};

export async function run() {
  const node = await startRedeemingNode();
  try {
    const rows = [];
    for (const way of Object.values(WAYS)) await round(node, way); // compiles both processes' code
    const measured = new Map(Object.keys(WAYS).map((name) => [name, [] as Measured[]]));
    for (let i = 0; i < ROUNDS; i++)
      for (const [name, way] of Object.entries(WAYS)) measured.get(name)?.push(await round(node, way));
    for (const [name, rounds] of measured) {
      const of = (what: keyof Measured) => median(rounds.map((one) => one[what]));
      const [ms, rawMs] = [of('ms'), of('rawMs')];
      rows.push(
        { case: name, value: (COUNT / ms) * 1000, unit: '1/s', limit: (COUNT / rawMs) * 1000, ratio: rawMs / ms },
        { case: `${name}-cpu`, value: (of('cpuMs') * 1000) / COUNT, unit: 'µs' },
        { case: `${name}-batch`, value: of('batch'), unit: 'leases a commit' },
      );
    }
    return { rows };
  } finally {
    await node.stop();
  }
}

async function round(node: RedeemingNode, { lanes, atOnce }: Way): Promise<Measured> {
  const tickets = Array.from({ length: COUNT }, () => node.ticket());
  const calls = Array.from({ length: Math.ceil(COUNT / atOnce) }, (_, i) =>
    tickets.slice(i * atOnce, (i + 1) * atOnce),
  );
  const leases: string[] = [];
  const keep = ({ lease, again }: { lease: string; again: boolean }) => {
    if (again) throw new Error('a ticket was redeemed twice');
    leases.push(lease);
  };
  const [commits, cpu, began] = [await node.commits(), node.cpu(), performance.now()];
  await inLanes(node, lanes, calls, async (client, [first, ...more]) => {
    if (!first) return;
    if (more.length === 0) return keep(await client.redeem.mutate({ ticket: first.text }));
    const { results } = await client.redeemAll.mutate({ tickets: [first, ...more].map(({ text }) => text) });
    for (const one of results) {
      if ('refused' in one) throw new Error(`refused: ${one.refused.code}`);
      keep(one.redeemed);
    }
  });
  const ms = performance.now() - began;
  const cpuMs = (node.cpu() - cpu) / 1000;
  const batch = COUNT / Math.max(1, (await node.commits()) - commits);
  const statements = tickets.map(({ text }, i) => ({ ticket: text, lease: leases[i] ?? '' }));
  const rawMs = await raw(node, statements, Math.max(1, Math.round(batch)));
  await inLanes(node, 8, tickets, async (client, { slice }) => {
    await client.release.mutate({ slice });
  });
  return { ms, rawMs, cpuMs, batch };
}

/** Each lane sends its next call when it has the answer. */
async function inLanes<T>(
  { clients }: RedeemingNode,
  lanesEach: number,
  all: readonly T[],
  call: (client: RedeemingNode['clients'][number], one: T) => Promise<void>,
): Promise<void> {
  const queue = [...all];
  const lanes = clients.flatMap((client) =>
    Array.from({ length: lanesEach }, async () => {
      for (let one = queue.pop(); one !== undefined; one = queue.pop()) await call(client, one);
    }),
  );
  await Promise.all(lanes);
}

/** ms for verify + sign + write and sync of the same statements, so many to a sync. */
async function raw(node: RedeemingNode, all: readonly { ticket: string; lease: string }[], batch: number) {
  const work = all.map(({ ticket, lease }) => ({
    ticket,
    input: signedPart(ticket),
    signature: Buffer.from(ticket.slice(ticket.lastIndexOf('.') + 1), 'base64url'),
    lease: signedPart(lease),
  }));
  const folder = mkdtempSync(join(tmpdir(), 'meridian-bench-raw-'));
  const file = await open(join(folder, 'log'), 'w');
  try {
    const began = performance.now();
    for (let i = 0; i < work.length; i += batch) {
      const records = work.slice(i, i + batch).map(({ ticket, input, signature, lease }) => {
        if (!verify(null, input, node.agentKey.publicKey, signature)) throw new Error('a signature does not hold');
        return `${ticket}\n${lease}.${sign(null, lease, node.agentKey.privateKey).toString('base64url')}\n`;
      });
      await file.write(records.join(''));
      await file.datasync();
    }
    return performance.now() - began;
  } finally {
    await file.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function signedPart(text: string): Buffer {
  return Buffer.from(text.slice(0, text.lastIndexOf('.')));
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
