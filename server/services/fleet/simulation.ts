import { findSimulable, markSimulated } from '@/server/data/nodes';
import type { Db, Tx } from '@/server/db';
import { type Behaviour, demoFleet } from '@/server/demo/fleet';
import { urnAuthority } from '@/server/env';
import { notify } from '@/server/notify';
import { audit } from '../audit';
import type { Person } from '../policy';
import { type EnrolmentAuthority, issueEnrolmentTokens } from './enrolment';
import { enrolmentAuthority } from './enrolment-authority';

/** One line of the simulator's manifest. `token` works once; a simulator that has enrolled the node before does not need it. */
export type SimulationNode = { node: string; token: string | null; behaviour: Behaviour; startMs: number };

const MOST = 5000;

/**
 * The manifest of a simulated fleet: the demo's own nodes, or the imported ones in boot state `boot`. From here on these
 * are shown as simulated, whoever brings them up. Every node gets a fresh token, so that a simulator whose data was lost can begin again.
 */
export async function prepareSimulation(
  db: Db,
  person: Person,
  input: { fleet: 'demo' | 'imported'; limit?: number | undefined },
  now: Date,
): Promise<{ nodes: SimulationNode[] }> {
  const authority = await enrolmentAuthority(db);
  return db.$transaction(
    async (tx) => {
      const prepared = await prepare(tx, authority, input, { by: person.id, now });
      await audit(
        tx,
        person,
        'fleet.simulate',
        { kind: 'fleet', id: input.fleet },
        { nodes: prepared.nodes.length },
        now,
      );
      return prepared;
    },
    { timeout: 60_000 },
  );
}

/** As `prepareSimulation`, in a transaction of the caller's and without a person. */
export async function prepare(
  tx: Tx,
  authority: EnrolmentAuthority,
  input: { fleet: 'demo' | 'imported'; limit?: number | undefined },
  options: { by: string | null; now: Date; ttlSeconds?: number },
): Promise<{ nodes: SimulationNode[] }> {
  const demo = new Map(demoFleet(urnAuthority()).nodes.map((node) => [node.urn, node]));
  const found = await findSimulable(
    tx,
    input.fleet === 'demo' ? { urns: [...demo.keys()] } : 'imported',
    input.limit ?? MOST,
  );
  const fresh = found.filter((node) => !node.simulated).map((node) => node.id);
  if (fresh.length > 0) {
    await markSimulated(tx, fresh);
    await notify(tx, { k: 'node', ids: fresh });
  }
  const { tokens } = await issueEnrolmentTokens(tx, authority, found, options);
  const nodes = found.map(({ id, urn }) => ({
    node: urn,
    token: tokens.get(id) ?? null,
    behaviour: demo.get(urn)?.behaviour ?? 'normal',
    startMs: demo.get(urn)?.startMs ?? 30 + (hash(urn) % 400),
  }));
  return { nodes };
}

/** A number that is the same for the same text at every run. */
function hash(text: string): number {
  let value = 7;
  for (const character of text) value = (value * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return value;
}
