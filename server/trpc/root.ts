import { createCallerFactory, router } from './init';
import { agentsRouter } from './routers/agents';
import { approvalsRouter } from './routers/approvals';
import { auditRouter } from './routers/audit';
import { changesRouter } from './routers/changes';
import { fleetRouter } from './routers/fleet';
import { invitesRouter } from './routers/invites';
import { keysRouter } from './routers/keys';
import { liveRouter } from './routers/live';
import { meRouter } from './routers/me';
import { partnersRouter } from './routers/partners';
import { portsRouter } from './routers/ports';
import { principalKeysRouter } from './routers/principal-keys';
import { revocationsRouter } from './routers/revocations';
import { sitesRouter } from './routers/sites';
import { slicesRouter } from './routers/slices';
import { tokensRouter } from './routers/tokens';
import { trustRouter } from './routers/trust';

/** The web's API. Its type is the client's contract: components import the type only. */
export const appRouter = router({
  me: meRouter,
  keys: keysRouter,
  principalKeys: principalKeysRouter,
  sites: sitesRouter,
  invites: invitesRouter,
  tokens: tokensRouter,
  slices: slicesRouter,
  changes: changesRouter,
  ports: portsRouter,
  partners: partnersRouter,
  approvals: approvalsRouter,
  fleet: fleetRouter,
  audit: auditRouter,
  trust: trustRouter,
  agents: agentsRouter,
  revocations: revocationsRouter,
  live: liveRouter,
});
export type AppRouter = typeof appRouter;

/** Calls procedures without HTTP: server components and tests. */
export const createCaller = createCallerFactory(appRouter);
