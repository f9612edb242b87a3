import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));
const resolve = {
  alias: [
    { find: /^@\//, replacement: root },
    // Next's guard against client imports throws outside a server component; in a test there is no client.
    { find: /^server-only$/, replacement: `${root}test/server-only.ts` },
  ],
};
const exclude = [...configDefaults.exclude, '**/.next/**', '**/.data/**', 'e2e/**'];
// Projects do not inherit the root's timeouts; on a loaded machine a database test takes seconds.
const database = { globalSetup: ['./test/postgres-setup.ts'], testTimeout: 20_000, hookTimeout: 60_000 };

/**
 * Three kinds of test beside the code: `*.test.ts` needs nothing, `*.db.test.ts` gets a real Postgres, `*.host.test.ts`
 * gets that and makes real containers and processes, one file at a time.
 */
export default defineConfig({
  resolve,
  test: {
    // Tests wait for a condition with a deadline; a real wait is a fault.
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      {
        resolve,
        test: {
          name: 'unit',
          testTimeout: 20_000, // a property of many cases takes seconds where two cores are shared
          include: ['**/*.test.{ts,tsx}'],
          exclude: [...exclude, '**/*.db.test.ts', '**/*.host.test.ts'],
        },
      },
      { resolve, test: { name: 'db', include: ['**/*.db.test.ts'], exclude, ...database } },
      {
        resolve,
        test: {
          name: 'host',
          include: ['**/*.host.test.ts'],
          exclude,
          ...database,
          fileParallelism: false,
          // A build server is shared with others: once more there, said aloud; at a desk a flaky test fails.
          retry: process.env.CI ? 1 : 0,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
