import type { z } from 'zod';
import type { PortList, PortRemoval, PortRequest, PortsRequest } from '@/protocol/api/network';
import { orRefused } from '@/protocol/transport/client';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';
import { webServiceManager } from '@/server/service-manager/web';
import { auditedCall } from '@/server/services/audited-call';
import type { Person } from '@/server/services/policy';
import { sliverTarget } from './sliver-target';

/** The published ports of the slice's sliver on one node. The node decides and remembers; nothing of it is kept here. */
export async function listPorts(db: Db, slice: SliceFactsRow, input: z.infer<typeof PortsRequest>): Promise<PortList> {
  const at = await sliverTarget(db, slice, input.node);
  const node = (await webServiceManager()).node(at);
  const { ports, range } = await orRefused(node.ports.query({ slice: slice.urn }));
  return { node: at.urn, hostname: at.hostname, host: hostOf(at.address), ports, range };
}

/** Publishes a port, or changes for whom it is. The audit log keeps who asked for what, and when it was refused. */
export async function publishPort(
  db: Db,
  person: Person,
  slice: SliceFactsRow,
  input: z.infer<typeof PortRequest>,
  now: Date,
): Promise<PortList> {
  const at = await sliverTarget(db, slice, input.node);
  const { protocol, internal, external, sources } = input;
  const facts = { node: at.urn, port: `${internal}/${protocol}`, external: external ?? null, sources };
  const wanted = { slice: slice.urn, protocol, internal, sources, ...(external !== undefined && { external }) };
  await auditedCall(db, person, { action: 'slice.port.publish', slice, facts, now }, async () =>
    orRefused((await webServiceManager()).node(at).publish.mutate(wanted)),
  );
  return listPorts(db, slice, { ...input, node: at.urn });
}

/** Withdraws a published port; what runs through it ends. Idempotent. */
export async function removePort(
  db: Db,
  person: Person,
  slice: SliceFactsRow,
  input: z.infer<typeof PortRemoval>,
  now: Date,
): Promise<PortList> {
  const at = await sliverTarget(db, slice, input.node);
  const { protocol, external } = input;
  const facts = { node: at.urn, port: `${external}/${protocol}` };
  const call = { action: 'slice.port.remove', slice, facts, now };
  const { ports, range } = await auditedCall(db, person, call, async () =>
    orRefused((await webServiceManager()).node(at).unpublish.mutate({ slice: slice.urn, protocol, external })),
  );
  return { node: at.urn, hostname: at.hostname, host: hostOf(at.address), ports, range };
}

/** The host of "host:port" or "[address]:port". */
function hostOf(address: string): string | null {
  return /^(.+):\d+$/.exec(address)?.[1] ?? null;
}
