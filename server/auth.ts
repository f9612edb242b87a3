import { getIP } from '@better-auth/core/utils/ip';
import { betterAuth } from 'better-auth';
import { prismaAdapter } from 'better-auth/adapters/prisma';
import { APIError, createAuthMiddleware } from 'better-auth/api';
import { Refused } from '@/core/errors';
import { findPerson } from './data/people';
import { type Db, processDb } from './db';
import { type WebEnvironment, webEnvironment } from './env';
import { log } from './log';
import { notify } from './notify';
import { audit } from './services/audit';
import { PASSWORD_MAX, PASSWORD_MIN } from './services/people/create-account';
import { admitSignIn, forgiveSignIn, SIGN_IN_LIMITS } from './services/people/sign-in-limits';

/** What better-auth offers and this deployment does not: accounts come from invites and the command alone. */
const CLOSED = [
  '/sign-up/email',
  '/sign-in/social',
  '/update-user',
  '/delete-user',
  '/change-email',
  '/set-password',
  '/request-password-reset',
  '/reset-password',
  '/send-verification-email',
  '/link-social',
];

/** better-auth with e-mail and password over Prisma. Pure set-up: reads no environment of its own. */
export function createAuth(db: Db, environment: WebEnvironment) {
  const ipAddress = {
    // Without a proxy in front, the address is the one Next saw; behind proxies, the last hop that is not one of them.
    trustedProxies: environment.MERIDIAN_TRUSTED_PROXIES,
  };
  const addressOf = (request: Request | undefined) =>
    (request && getIP(request, { advanced: { ipAddress } })) ?? 'unknown';
  return betterAuth({
    appName: 'Meridian',
    baseURL: environment.MERIDIAN_URL,
    secret: environment.BETTER_AUTH_SECRET,
    database: prismaAdapter(db, { provider: 'postgresql', transaction: true }),
    telemetry: { enabled: false },
    trustedOrigins: [environment.MERIDIAN_URL],
    disabledPaths: CLOSED,
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: PASSWORD_MIN,
      maxPasswordLength: PASSWORD_MAX,
    },
    session: { expiresIn: 7 * 86_400, updateAge: 86_400 },
    rateLimit: {
      enabled: true,
      storage: 'database',
      window: 60,
      max: 300,
      customRules: {
        // Sign-in has limits of its own below, per account too. The windows here also say how long rows are kept.
        '/sign-in/email': false,
        '/get-session': false,
        '/change-password': { window: SIGN_IN_LIMITS.windowSeconds, max: 20 },
      },
    },
    advanced: {
      useSecureCookies: environment.MERIDIAN_URL.startsWith('https:'),
      cookiePrefix: 'meridian',
      // Said outright: left out, better-auth turns both checks off where NODE_ENV is test.
      disableCSRFCheck: false,
      disableOriginCheck: false,
      ipAddress,
      database: { generateId: () => crypto.randomUUID() },
    },
    logger: {
      level: 'warn',
      log: (level, message) => log[level === 'error' ? 'error' : 'debug']({ from: 'better-auth' }, message),
    },
    onAPIError: {
      // Without this better-auth writes to the console by itself, refusals included.
      onError: (err) => {
        if (err instanceof APIError) log.debug({ code: err.body?.code, status: err.status }, 'sign-in call refused');
        else log.error({ err }, 'sign-in call failed');
      },
    },
    databaseHooks: {
      session: {
        delete: {
          // Whatever ended it, the live streams that it opened end too.
          after: (session) => notify(db, { k: 'user', id: session.userId }),
        },
        create: {
          before: async (session) => {
            if (await findPerson(db, session.userId)) return;
            // Only who knows the password learns this.
            throw new APIError('FORBIDDEN', {
              code: 'ACCOUNT_DISABLED',
              message: 'This account is disabled. Ask an operator.',
            });
          },
        },
      },
    },
    hooks: {
      before: createAuthMiddleware(async (ctx) => {
        if (ctx.path === '/sign-in/email') {
          await admitSignIn(db, String(ctx.body?.email ?? ''), addressOf(ctx.request), Date.now()).catch(asApiError);
        }
        if (ctx.path === '/change-password') return { context: { body: { ...ctx.body, revokeOtherSessions: true } } };
        return undefined;
      }),
      after: createAuthMiddleware(async (ctx) => {
        const session = ctx.context.newSession;
        if (!session) return;
        if (ctx.path === '/sign-in/email') await forgiveSignIn(db, session.user.email, addressOf(ctx.request));
        if (ctx.path === '/change-password') {
          await audit(db, session.user, 'account.password', { kind: 'person', id: session.user.id }, {}, new Date());
        }
      }),
    },
  });
}

/** better-auth speaks in errors of its own: the refusal's code and facts go along. */
function asApiError(err: unknown): never {
  if (!(err instanceof Refused)) throw err;
  const seconds = String(err.facts.retryAfterSeconds ?? '');
  throw new APIError(
    'TOO_MANY_REQUESTS',
    { code: err.code, message: `Too many attempts. Try again in ${seconds} seconds.`, ...err.facts },
    { 'Retry-After': seconds, 'X-Retry-After': seconds },
  );
}

export type Auth = ReturnType<typeof createAuth>;

const held = globalThis as unknown as { meridianAuth?: Auth };

/** This process's better-auth, made at first use: a build needs no environment. */
export function processAuth(): Auth {
  held.meridianAuth ??= createAuth(processDb(), webEnvironment());
  return held.meridianAuth;
}
