import { initTRPC } from '@trpc/server';
import superjson from 'superjson';
import { z } from 'zod';
import { Refused } from '@/core/errors';
import * as c from '@/protocol/api/common';
import { ByName } from '@/protocol/api/slice';
import { refusalOf, refusedToTrpc } from '@/protocol/trpc';
import { findNodeFacts } from '@/server/data/nodes';
import { findRequestFacts } from '@/server/data/requests';
import { findSiteFacts } from '@/server/data/sites';
import { findSliceFacts } from '@/server/data/slice-facts';
import { demand, may, type Permission, type PermissionFacts, type Person } from '@/server/services/policy';
import type { Context } from './context';

/** Each procedure says which permission it needs; the table test reads it. */
export type Meta = { permission: Permission | 'public' };

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    transformer: superjson,
    sse: { ping: { enabled: true, intervalMs: 10_000 }, client: { reconnectAfterInactivityMs: 25_000 } },
    errorFormatter({ shape, error, ctx }) {
      const refusal = refusalOf(error);
      // Stacks and causes stay here; the request id finds them in the log.
      const { stack: _stack, ...data } = shape.data;
      return {
        ...shape,
        message: refusal ? refusal.code : 'Something went wrong on our side.',
        data: { ...data, refusal, requestId: ctx?.requestId ?? null },
      };
    },
  });

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

/** Turns a Refused from anywhere below into the tRPC error of its code; the rest stays a bug and is logged. */
const refusals = t.middleware(async ({ next }) => {
  const result = await next();
  if (!result.ok && result.error.cause instanceof Refused) throw refusedToTrpc(result.error.cause);
  return result;
});

const guarded = (permission: Meta['permission']) => t.procedure.use(refusals).meta({ permission });

/** Nothing is asked of the caller: sign-in state may be null. */
export const publicProcedure = guarded('public');

const signedIn = t.middleware(({ ctx, next }) => {
  if (!ctx.person) throw new Refused('NOT_SIGNED_IN');
  return next({ ctx: { person: ctx.person } });
});

/** Permissions that need no object. */
type Plain = { [P in Permission]: PermissionFacts[P] extends null ? P : never }[Permission];
/** Permissions judged by facts of kind `Facts`. */
type Over<Facts> = {
  [P in Permission]: PermissionFacts[P] extends Facts ? (Facts extends PermissionFacts[P] ? P : never) : never;
}[Permission];

/** A signed-in person who holds `permission`, which needs no object. */
export const permitted = (permission: Plain) =>
  guarded(permission)
    .use(signedIn)
    .use(({ ctx, next }) => {
      demand(ctx.person, permission, null);
      return next();
    });

/** Refuses CLI tokens: for what a stolen token must not do. */
export const sessionOnly = t.middleware(({ ctx, next }) => {
  if (ctx.via !== 'session') throw new Refused('NOT_ALLOWED', { permission: 'session' });
  return next();
});

/**
 * A signed-in person; the service itself demands `permission` because only it learns the object (an invite's site, an id's
 * owner). Named here for the table test.
 */
export const signedInProcedure = (permission: Permission) => guarded(permission).use(signedIn);

/** Input {loginBase}; adds ctx.site. A site that one may not see is not found. */
export const siteProcedure = (permission: Over<{ siteId: string }>) =>
  guarded(permission)
    .use(signedIn)
    .input(z.object({ loginBase: c.LoginBase }))
    .use(async ({ ctx, input, next }) => {
      const site = await findSiteFacts(ctx.db, input.loginBase);
      if (!site) throw new Refused('NOT_FOUND', { kind: 'site', id: input.loginBase });
      const visible = may(ctx.person, 'site.read', site);
      demand(ctx.person, permission, site, { kind: 'site', id: input.loginBase, visible });
      return next({ ctx: { site } });
    });

/** Input {name}; adds ctx.slice. A slice that one may not see is not found. */
export const sliceProcedure = (permission: Extract<Permission, `slice.${string}`>) =>
  guarded(permission)
    .use(signedIn)
    .input(ByName)
    .use(async ({ ctx, input, next }) => {
      const slice = await findSliceFacts(ctx.db, input.name);
      if (!slice) throw new Refused('NOT_FOUND', { kind: 'slice', id: input.name });
      const visible = may(ctx.person, 'slice.read', slice);
      demand(ctx.person, permission, slice, { kind: 'slice', id: input.name, visible });
      return next({ ctx: { slice } });
    });

/** Input {requestId}; adds ctx.request. A request of a site that one has no say in is not found. */
export const requestProcedure = (permission: 'request.decide') =>
  guarded(permission)
    .use(signedIn)
    .input(z.object({ requestId: c.Id }))
    .use(async ({ ctx, input, next }) => {
      const request = await findRequestFacts(ctx.db, input.requestId);
      if (!request) throw new Refused('NOT_FOUND', { kind: 'request', id: input.requestId });
      const mine = request.requestedById === ctx.person.id;
      // Says more than NOT_ALLOWED to a PI who tries: another PI or an operator decides it.
      if (mine) throw new Refused('OWN_REQUEST', { requestId: input.requestId });
      demand(ctx.person, permission, request, { kind: 'request', id: input.requestId, visible: false });
      return next({ ctx: { request } });
    });

/** Input {id}: a node; adds ctx.node. Every signed-in person sees nodes. */
export const nodeProcedure = (permission: Extract<Permission, `node.${string}`>) =>
  guarded(permission)
    .use(signedIn)
    .input(z.object({ id: c.Id }))
    .use(async ({ ctx, input, next }) => {
      const node = await demandNode(ctx.db, ctx.person, permission, { id: input.id });
      return next({ ctx: { node } });
    });

/** As `nodeProcedure`, with input {urn}. */
export const nodeUrnProcedure = (permission: Extract<Permission, `node.${string}`>) =>
  guarded(permission)
    .use(signedIn)
    .input(z.object({ urn: z.string().max(256) }))
    .use(async ({ ctx, input, next }) => {
      const node = await demandNode(ctx.db, ctx.person, permission, { urn: input.urn });
      return next({ ctx: { node } });
    });

async function demandNode(
  db: Context['db'],
  person: Person,
  permission: Extract<Permission, `node.${string}`>,
  where: { id: string } | { urn: string },
) {
  const node = await findNodeFacts(db, where);
  if (!node) throw new Refused('NOT_FOUND', { kind: 'node', id: 'id' in where ? where.id : where.urn });
  demand(person, permission, node);
  return node;
}
