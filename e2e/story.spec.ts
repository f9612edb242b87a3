import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { z } from 'zod';
import { accountOf, dataFolder, expect, freshName, test, watchErrors } from './fixtures';
import { LOOKS, look } from './pages/look';
import { askForSlice } from './pages/new-slice';

const AWAY = 'node1.reykjavik';
const HERE = 'this-machine';

/** The main job, end to end, as people do it: ask, approve, watch it go live, get in, see it on the map, let it go. */
test('from a request in the browser to running slivers, and back to nothing', async ({ page, as, meridian }) => {
  test.setTimeout(300_000);
  const errors = watchErrors(page);
  const short = freshName('story');
  const name = `demo_${short}`;

  await test.step('a researcher signs in and asks for 25 nodes in at least 10 countries, this machine, and one that is away', async () => {
    const { email, password } = accountOf('researcher');
    await page.goto('/slices/new');
    await expect(page).toHaveURL(/\/sign-in\?next=/);
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL('**/slices/new');
    await askForSlice(page, {
      name: short,
      reason: 'Measure how latency between continents changes over two weeks.',
      count: 25,
      minCountries: 10,
      picked: [HERE, AWAY],
      days: 14,
    });
    await expect(page.getByRole('heading', { name })).toBeVisible();
    await expect(page.locator('[data-state="requested"]').first()).toBeVisible();
  });
  // A reload would lose this: what follows must happen in the open page.
  await page.evaluate(() => Object.assign(window, { openSince: 'the request' }));
  await expect(page.locator('[data-live="live"]')).toBeAttached();

  await test.step('the PI sees what it would use of the quota, and approves', async () => {
    const pi = await as('pi');
    await pi.goto('/approvals');
    const request = pi.getByRole('article', { name });
    await expect(request).toContainText('27 slivers for 14 days');
    await expect(request.getByRole('img', { name: /^Slivers: .* used, 27 wanted, of / })).toBeVisible();
    await request.getByRole('button', { name: 'Approve' }).click();
    await expect(request).toBeHidden();
  });

  await test.step('the slice goes live in the open page, node by node, and a substitute stands in for the node that is away', async () => {
    const running = page.getByRole('progressbar', { name: 'Slivers running' });
    await expect(running).toHaveAttribute('aria-valuemax', '27', { timeout: 30_000 });
    await expect(running).toHaveAttribute('aria-valuenow', '27', { timeout: 120_000 });
    const failed = rowOf(page, AWAY);
    await expect(failed).toContainText('Failed');
    await expect(failed).toContainText(/cannot be reached|did not work out/);
    await expect(page.getByRole('row').filter({ hasText: `Stands in for ${AWAY}` })).toHaveCount(1);
    await expect(rowOf(page, HERE)).toContainText('Running');
    await expect(page.locator('[data-state="active"]').first()).toBeVisible();
    const countries = await page.getByText(/^in \d+ countries$/).textContent();
    expect(Number(countries?.match(/\d+/)?.[0])).toBeGreaterThanOrEqual(10);
    expect(await page.evaluate(() => 'openSince' in window)).toBe(true);
  });

  await test.step('a command runs inside the sliver on this machine', async () => {
    await page.getByRole('tab', { name: 'How to get in' }).click();
    await expect(page.getByText(`npm run meridian -- exec ${name} ${HERE} -- hostname`)).toBeVisible();
    const account = await as('researcher');
    await account.goto('/account');
    await account.getByLabel('Name').fill('story');
    await account.getByRole('button', { name: 'Make a token' }).click();
    const token = await account.getByRole('status').locator('code').textContent();
    const ran = await meridian(token ?? '', 'exec', name, HERE, '--', 'hostname');
    expect(ran.code, ran.err).toBe(0);
    expect(ran.out.trim()).not.toBe('');
    expect(ran.out.trim()).not.toBe(hostname());
  });

  await test.step('what its slivers use shows, each against its limits; simulated ones use nothing and say so', async () => {
    const phone = await as('researcher', LOOKS[1]);
    await phone.goto(`/slices/${name}?view=usage`);
    const here = phone.getByRole('link', { name: HERE, exact: true });
    const nothing = phone.getByText(/simulated slivers run, and simulated slivers use nothing/);
    await expect(here.or(nothing)).toBeVisible({ timeout: 30_000 });
    await look(phone, 'slice-usage', LOOKS[1]);
    if (await nothing.isVisible()) return; // this machine's node is simulated too
    await expect(phone.getByText(/simulated slivers? use nothing and are left out/)).toBeVisible();
    await here.click();
    await expect(phone.getByRole('heading', { name: 'The machine now' })).toBeVisible();
    await expect(phone.getByRole('img', { name: /^Processor, by the minute/ })).toBeVisible();
    await look(phone, 'node-usage', LOOKS[1]);
  });

  await test.step("the operator's map shows the slice's nodes", async () => {
    const operator = await as('operator');
    await operator.goto(`/fleet?slice=${name}`);
    await expect(operator.getByRole('group', { name: /^Map of 27 nodes/ })).toBeVisible();
    await operator.getByLabel('Find nodes by name, site, city or country').fill(HERE);
    await expect(operator.getByRole('row').filter({ hasText: HERE })).toBeVisible();
  });

  await test.step('the researcher deletes it while this machine is away: gone elsewhere at once, here when it is back', async () => {
    await page.getByRole('tab', { name: /^Slivers/ }).click();
    const node = nodeProcess();
    process.kill(node, 'SIGSTOP');
    try {
      await page.getByRole('button', { name: 'Delete' }).click();
      const dialog = page.getByRole('dialog');
      await expect(dialog).toContainText(`Delete ${name}: 27 slivers on 27 nodes stop now`);
      await dialog.getByLabel(/Type/).fill(name);
      await dialog.getByRole('button', { name: 'Delete' }).click();
      const leaving = page.getByRole('region', { name: 'Still leaving' });
      await expect(leaving).toContainText('1 sliver is still to leave', { timeout: 60_000 });
      await expect(leaving).toContainText(HERE);
      await expect(leaving).toContainText('leaves when the node is back, at the latest when its lease ends at');
    } finally {
      process.kill(node, 'SIGCONT');
    }
    await expect(page.getByText('Nothing of it is left on any node.')).toBeVisible({ timeout: 60_000 });
    await expect(page.locator('[data-state="deleted"]').first()).toBeVisible();
    expect(await page.evaluate(() => 'openSince' in window)).toBe(true);
  });
  expect(errors).toEqual([]);
});

function rowOf(page: Page, host: string) {
  return page.getByRole('row').filter({ has: page.getByRole('link', { name: host, exact: true }) });
}

/** The process of this machine's node manager, as the supervisor wrote it. */
function nodeProcess(): number {
  const Running = z.object({ programs: z.object({ node: z.object({ pid: z.int().positive() }) }) });
  return Running.parse(JSON.parse(readFileSync(join(dataFolder(), 'running.json'), 'utf8'))).programs.node.pid;
}
