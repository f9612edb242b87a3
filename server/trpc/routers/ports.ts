import { PortList, PortRemoval, PortRequest, PortsRequest } from '@/protocol/api/network';
import { listPorts, publishPort, removePort } from '@/server/services/slices/ports';
import { router, sliceProcedure } from '../init';

export const portsRouter = router({
  list: sliceProcedure('slice.ports')
    .input(PortsRequest)
    .output(PortList)
    .query(({ ctx, input }) => listPorts(ctx.db, ctx.slice, input)),
  publish: sliceProcedure('slice.ports')
    .input(PortRequest)
    .output(PortList)
    .mutation(({ ctx, input }) => publishPort(ctx.db, ctx.person, ctx.slice, input, ctx.now)),
  remove: sliceProcedure('slice.ports')
    .input(PortRemoval)
    .output(PortList)
    .mutation(({ ctx, input }) => removePort(ctx.db, ctx.person, ctx.slice, input, ctx.now)),
});
