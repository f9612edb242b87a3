import { z } from 'zod';
import { AgentView, PolicyTrial, SetAgentPolicy, SetAgentShare, SetAgentSwitch } from '@/protocol/api/agents';
import { setAgentPolicy, setAgentShare, setAgentSwitch } from '@/server/services/agents/change-agent';
import { listAgents } from '@/server/services/agents/list-agents';
import { tryPolicy } from '@/server/services/agents/try-policy';
import { permitted, router } from '../init';

/** The deployment's agents: what they may give out, how they decide, and what another policy would have made of last week. */
export const agentsRouter = router({
  list: permitted('trust.read')
    .output(z.array(AgentView))
    .query(({ ctx }) => listAgents(ctx.db, ctx.person, ctx.now)),
  tryPolicy: permitted('agents.manage')
    .input(SetAgentPolicy)
    .output(PolicyTrial)
    .query(({ ctx, input }) => tryPolicy(ctx.db, input, ctx.now)),
  setPolicy: permitted('agents.manage')
    .input(SetAgentPolicy)
    .output(AgentView)
    .mutation(({ ctx, input }) => setAgentPolicy(ctx.db, ctx.person, input.agent, input.policy, ctx.now)),
  setShare: permitted('agents.manage')
    .input(SetAgentShare)
    .output(AgentView)
    .mutation(({ ctx, input }) => setAgentShare(ctx.db, ctx.person, input.agent, input, ctx.now)),
  setSwitch: permitted('agents.manage')
    .input(SetAgentSwitch)
    .output(AgentView)
    .mutation(({ ctx, input }) => setAgentSwitch(ctx.db, ctx.person, input.agent, input.adminSwitch, ctx.now)),
});
