import { defineConfig } from '@playwright/test';

/** Browser tests run against `npm start`'s own processes (e2e/system.setup.ts), or against MERIDIAN_E2E_URL. */
export default defineConfig({
  testDir: 'e2e',
  outputDir: '.data/playwright',
  globalSetup: './e2e/system.setup.ts',
  reporter: 'list',
  forbidOnly: Boolean(process.env.CI),
  // A build server is shared with others: once more there, said aloud in the sum; at a desk a flaky test fails.
  retries: process.env.CI ? 1 : 0,
  // One system, two cores: files run one after another; what fills it with a whole federation's nodes comes last.
  workers: 1,
  projects: [
    { name: 'demo', testIgnore: 'imported.spec.ts' },
    { name: 'imported', testMatch: 'imported.spec.ts' },
  ],
  timeout: 120_000,
  expect: { timeout: 15_000 },
  use: {
    // What hangs is named by its own line, not by the whole test's time.
    actionTimeout: 30_000,
    navigationTimeout: 60_000,
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
