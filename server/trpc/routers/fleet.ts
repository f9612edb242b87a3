import { z } from 'zod';
import * as c from '@/protocol/api/common';
import { FleetNode, NodeView } from '@/protocol/api/fleet';
import { FlowsAnswer, FlowsRequest } from '@/protocol/api/network';
import { NodeCheckAnswer, NodeCheckRequest } from '@/protocol/api/node-check';
import { ByName } from '@/protocol/api/slice';
import { checkNode } from '@/server/services/fleet/check-node';
import { enrolmentToken } from '@/server/services/fleet/enrolment';
import { enrolmentAuthority } from '@/server/services/fleet/enrolment-authority';
import { findFlows } from '@/server/services/fleet/flows';
import { fleetNodes, nodeView, setAdminSwitch } from '@/server/services/fleet/nodes';
import { prepareSimulation } from '@/server/services/fleet/simulation';
import { sliceNodeIds } from '@/server/services/fleet/slice-nodes';
import { nodeProcedure, nodeUrnProcedure, permitted, router, sliceProcedure } from '../init';

const SimulationNode = z.object({
  node: z.string(),
  token: z.string().nullable(),
  behaviour: z.enum(['normal', 'slow', 'down', 'failing']),
  startMs: z.int(),
  capacity: c.HardAmounts.optional(),
});

export const fleetRouter = router({
  nodes: permitted('fleet.read')
    .output(z.array(FleetNode))
    .query(({ ctx }) => fleetNodes(ctx.db, { now: ctx.now })),
  node: nodeProcedure('node.read')
    .output(NodeView)
    .query(({ ctx }) => nodeView(ctx.db, ctx.person, ctx.node.id, ctx.now)),
  setAdminSwitch: nodeProcedure('node.adminSwitch')
    .input(z.object({ adminSwitch: c.AdminSwitch }))
    .output(NodeView)
    .mutation(({ ctx, input }) => setAdminSwitch(ctx.db, ctx.person, input, ctx.now)),
  enrolmentToken: nodeUrnProcedure('node.enrol')
    .output(z.object({ token: z.string(), expiresAt: z.date() }))
    .mutation(async ({ ctx, input }) =>
      enrolmentToken(ctx.db, await enrolmentAuthority(ctx.db), ctx.person, input.urn, ctx.now),
    ),
  check: nodeProcedure('node.read')
    .input(NodeCheckRequest)
    .output(NodeCheckAnswer)
    .query(({ ctx, input }) => checkNode(ctx.db, ctx.person, input)),
  flows: nodeProcedure('node.flows')
    .input(FlowsRequest)
    .output(FlowsAnswer)
    .mutation(({ ctx, input }) => findFlows(ctx.db, ctx.person, input, ctx.now)),
  simulation: permitted('fleet.simulate')
    .input(z.object({ fleet: z.enum(['demo', 'imported']), limit: z.int().min(1).max(5000).optional() }))
    .output(z.object({ nodes: z.array(SimulationNode) }))
    .mutation(({ ctx, input }) => prepareSimulation(ctx.db, ctx.person, input, ctx.now)),
  slicesOnMap: sliceProcedure('slice.read')
    .input(ByName)
    .output(z.array(c.Id))
    .query(({ ctx }) => sliceNodeIds(ctx.db, ctx.slice.id)),
});
