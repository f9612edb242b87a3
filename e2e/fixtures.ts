import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, type BrowserContext, test as base, expect, type Page } from '@playwright/test';
import { z } from 'zod';

/** The demo's people, as the seed names their roles. */
export type Role = 'researcher' | 'pi' | 'second-pi' | 'tech' | 'operator';
export type Account = { role: string; name: string; email: string; password: string };

const Demo = z.object({
  accounts: z.array(z.object({ role: z.string(), name: z.string(), email: z.string(), password: z.string() })),
});

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: browser tests are started by "npm run e2e"`);
  return value;
}

export const systemUrl = () => fromEnvironment('MERIDIAN_E2E_URL');
export const dataFolder = () => fromEnvironment('MERIDIAN_E2E_DATA');

/** The demo's account of a role, read where `npm start` wrote it. */
export function accountOf(role: Role): Account {
  const { accounts } = Demo.parse(JSON.parse(readFileSync(join(dataFolder(), 'demo.json'), 'utf8')));
  const found = accounts.find((a) => a.role === role);
  if (!found) throw new Error(`the demo has no account "${role}"`);
  return found;
}

/** Sessions made so far, by role: signing in is slowed on purpose, so each person does it once a run. */
const sessions = new Map<Role, Awaited<ReturnType<BrowserContext['storageState']>>>();

async function sessionOf(browser: Browser, role: Role) {
  const known = sessions.get(role);
  if (known) return known;
  const context = await browser.newContext({ baseURL: systemUrl() });
  const { email, password } = accountOf(role);
  const answer = await context.request.post('/api/auth/sign-in/email', {
    data: { email, password },
    headers: { origin: systemUrl() },
  });
  expect(answer.status(), `${role} signs in`).toBe(200);
  const state = await context.storageState();
  sessions.set(role, state);
  await context.close();
  return state;
}

type Looks = { width?: number; height?: number; scheme?: 'light' | 'dark' };

type Fixtures = {
  /** A window of its own for a signed-in person; closed at the end of the test. */
  as: (role: Role, looks?: Looks) => Promise<Page>;
  /** Runs a command of the command line with a token; answers what it printed and its exit code. */
  meridian: (token: string, ...argv: string[]) => Promise<{ code: number; out: string; err: string }>;
};

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures wanted from the pattern
  baseURL: async ({}, use) => use(systemUrl()),
  as: async ({ browser }, use) => {
    const opened: BrowserContext[] = [];
    await use(async (role, looks = {}) => {
      const context = await browser.newContext({
        baseURL: systemUrl(),
        storageState: await sessionOf(browser, role),
        viewport: { width: looks.width ?? 1440, height: looks.height ?? 900 },
        colorScheme: looks.scheme ?? 'light',
        reducedMotion: 'reduce',
      });
      opened.push(context);
      return context.newPage();
    });
    for (const context of opened) await context.close();
  },
  // biome-ignore lint/correctness/noEmptyPattern: as above
  meridian: async ({}, use) => {
    await use(async (token, ...argv) => {
      const env = { ...process.env, MERIDIAN_TOKEN: token, MERIDIAN_URL: systemUrl(), MERIDIAN_DATA: dataFolder() };
      try {
        const { stdout, stderr } = await promisify(execFile)(process.execPath, ['tools/meridian.mjs', ...argv], {
          env,
          timeout: 60_000,
        });
        return { code: 0, out: stdout, err: stderr };
      } catch (error) {
        const failed = z.object({ code: z.number().nullable(), stdout: z.string(), stderr: z.string() }).parse(error);
        return { code: failed.code ?? -1, out: failed.stdout, err: failed.stderr };
      }
    });
  },
});
export { expect };

/** A name that no other run used: slices keep theirs until they are gone from every node. */
export const freshName = (prefix: string) => `${prefix}${Date.now().toString(36)}`;

/** Notes every console error and uncaught exception of a page. */
export function watchErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => errors.push(`${page.url()}: ${error.stack ?? error.message}`));
  return errors;
}
