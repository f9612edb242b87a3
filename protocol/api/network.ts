import { z } from 'zod';
import { FlowsInput, FlowView } from '../node-manager/flows';
import { MAX_PORTS, MAX_SOURCES, PortProtocol, PublishedPortView, PublishInput } from '../node-manager/ports';
import * as c from './common';
import { ByName } from './slice';

/**
 * ports router (members of the slice, and operators):
 *   list {name, node} → PortList    publish PortRequest → PortList    remove {name, node, protocol, external} → PortList
 */
export const PortsRequest = ByName.extend({
  /** As `slices.exec` has it: URN, id, hostname, or "this machine". */
  node: z.string().max(256),
});
export const PortRequest = PortsRequest.extend({
  protocol: PortProtocol,
  internal: PublishInput.shape.internal,
  external: PublishInput.shape.external,
  sources: z.array(z.string().trim().max(64)).max(MAX_SOURCES).default([]),
});
export const PortRemoval = PortsRequest.extend({ protocol: PortProtocol, external: PublishInput.shape.internal });
export const PortList = z.object({
  node: z.string(),
  hostname: z.string(),
  /** What the node is dialled by: the port is at this host. Null: nobody knows. */
  host: z.string().nullable(),
  ports: z.array(PublishedPortView).max(MAX_PORTS),
  /** What the node's owner lets slivers publish; null: none. */
  range: z.object({ from: z.int(), to: z.int() }).nullable(),
});
export type PortList = z.infer<typeof PortList>;

/** fleet.flows {id, …} → FlowsAnswer: "who sent this?" for the site's tech and operators; each question is audited. */
export const FlowsRequest = FlowsInput.omit({ slice: true }).extend({ id: c.Id });
export const FlowsAnswer = z.object({
  node: z.string(),
  flows: z.array(
    FlowView.omit({ lease: true }).extend({
      /** Name of the slice, and whether it is over. Null: this deployment knows of no such lease. */
      sliceName: z.string().nullable(),
      sliceState: c.SliceState.nullable(),
      /** Who answers for the slice: its owner, then its members. */
      people: z.array(c.PersonRef),
    }),
  ),
  truncated: z.boolean(),
  gaps: z.array(z.object({ from: z.string(), to: z.string() })),
  since: z.string().nullable(),
});
export type FlowsAnswer = z.infer<typeof FlowsAnswer>;
