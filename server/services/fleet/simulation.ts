import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export type SimulationNode = {
  node: string;
  token: string | null;
  behaviour: 'normal' | 'slow' | 'down' | 'failing';
  startMs: number;
};

/** The manifest of a simulated fleet, with a one-time token for each node that is not enrolled yet. */
export function prepareSimulation(
  _db: Db,
  _person: Person,
  _input: { fleet: 'demo' | 'imported'; limit?: number | undefined },
  _now: Date,
): Promise<{ nodes: SimulationNode[] }> {
  throw new Error('prepareSimulation is not built yet');
}
