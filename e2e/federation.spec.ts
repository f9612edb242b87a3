import { randomUUID } from 'node:crypto';
import type { Browser, BrowserContext, Page } from '@playwright/test';
import { type System, startSystem } from '@/test/system';
import { expect, freshName, test, watchErrors } from './fixtures';
import { LOOKS, look } from './pages/look';
import { askForSlice } from './pages/new-slice';

/** The deployment that the other tests share is the host; the guest is a second one on this machine, without nodes to speak of. */
let guest: System;
const opened: BrowserContext[] = [];

test.beforeAll(async () => {
  test.setTimeout(120_000);
  guest = await startSystem({
    args: ['--fleet', '0'],
    env: { MERIDIAN_AUTHORITY: 'b.example', MERIDIAN_NODE_DRIVER: 'simulated' },
  });
});
test.afterAll(async () => {
  for (const context of opened) await context.close();
  await guest.remove();
});

/** A window of the guest's person of that role. */
async function asGuest(
  browser: Browser,
  role: string,
  look: { width: number; height: number } = { width: 1440, height: 900 },
) {
  const account = guest.accounts().find((one) => one.role === role);
  if (!account) throw new Error(`the guest has no ${role}`);
  const context = await browser.newContext({ baseURL: guest.url, viewport: look, reducedMotion: 'reduce' });
  opened.push(context);
  const { email, password } = account;
  const answer = await context.request.post('/api/auth/sign-in/email', {
    data: { email, password },
    headers: { origin: guest.url },
  });
  expect(answer.status(), `${role} of the guest signs in`).toBe(200);
  return context.newPage();
}

const partner = (page: Page, name: string) => page.getByRole('article', { name });
const running = (page: Page) => page.getByRole('progressbar', { name: 'Slivers running' });

test('a partner’s researcher gets slivers on our nodes by a delegation, which is narrowed, and taken back', async ({
  as,
  browser,
}) => {
  test.setTimeout(240_000);
  const name = `Bergen ${randomUUID().slice(0, 4)}`;
  const host = await as('operator');
  const errors = watchErrors(host);
  await host.goto('/trust/partners');
  const guestOperator = await asGuest(browser, 'operator');
  await guestOperator.goto('/trust/partners');

  await test.step('the host’s operator invites, the guest’s pastes the token, and both are partners', async () => {
    await look(guestOperator, 'partners-empty', LOOKS[2]);
    await host.getByRole('button', { name: 'Invite a partner' }).click();
    const dialog = host.getByRole('dialog');
    await dialog.getByLabel('What the deployment is called').fill('b.example');
    await dialog.getByLabel('Name', { exact: true }).fill(name);
    await dialog.getByRole('button', { name: 'Invite' }).click();
    const token = (await dialog.locator('code').filter({ hasText: 'mrp1.' }).textContent()) ?? '';
    await dialog.getByRole('button', { name: 'Done' }).click();
    await expect(partner(host, name)).toContainText('Invited');

    await guestOperator.getByRole('button', { name: 'Join with a token' }).click();
    const join = guestOperator.getByRole('dialog');
    await join.getByLabel('Token').fill(token.slice(0, -9));
    await join.getByRole('button', { name: 'Join', exact: true }).click();
    await expect(join.getByRole('alert')).toContainText('cut off');
    await join.getByLabel('Token').fill(token);
    await join.getByLabel('Name').fill('Meridian demo');
    await join.getByRole('button', { name: 'Join', exact: true }).click();
    await expect(partner(guestOperator, 'Meridian demo')).toContainText('Active');
    await expect(partner(guestOperator, 'Meridian demo')).toContainText('Nothing yet');
    await expect(partner(host, name)).toContainText('Active');
  });

  await test.step('the guest closes its own machine, so that it has none but what it is given', async () => {
    await guestOperator.goto('/fleet');
    await guestOperator.getByRole('row').filter({ hasText: 'this-machine' }).click();
    await guestOperator.getByLabel(/takes slivers$/).selectOption('closed');
    await expect(guestOperator.getByLabel(/takes slivers$/)).toBeEnabled();
    await expect(guestOperator.getByLabel(/takes slivers$/)).toHaveValue('closed');
    await guestOperator.goto('/trust/partners');
  });

  await test.step('the host gives half of 60 nodes, and sees before what that comes to', async () => {
    await partner(host, name).getByRole('button', { name: 'Give nodes' }).click();
    const dialog = host.getByRole('dialog');
    await dialog.getByLabel('At most').fill('60');
    await dialog.getByLabel('Part of each').selectOption('500');
    await expect(dialog.getByRole('status')).toContainText('60 nodes at');
    await dialog.getByRole('button', { name: 'Give', exact: true }).click();
    await expect(partner(host, name)).toContainText('60 nodes, half of each');
    await expect(partner(guestOperator, 'Meridian demo')).toContainText('60 nodes', { timeout: 20_000 });
    for (const one of LOOKS) {
      const page = await as('operator', one);
      await page.goto('/trust/partners');
      await look(page, 'partners-host', one, partner(page, name));
      await partner(page, name).getByRole('button', { name: 'Change what it has' }).click();
      await expect(page.getByRole('dialog').getByRole('status')).toContainText('nodes at');
      await look(page, 'partners-grant', one, page.getByRole('dialog'));
    }
  });

  const short = freshName('fed');
  const researcher = await asGuest(browser, 'researcher');
  await test.step('the guest’s researcher asks for 50 slivers, the guest’s PI approves, and 50 run on the host’s nodes', async () => {
    await askForSlice(researcher, { name: short, reason: 'See whether a partner’s nodes do.', count: 50, days: 7 });
    const pi = await asGuest(browser, 'pi');
    await pi.goto('/approvals');
    await pi
      .getByRole('article', { name: `demo_${short}` })
      .getByRole('button', { name: 'Approve' })
      .click();
    await expect(running(researcher)).toHaveAttribute('aria-valuemax', '50', { timeout: 30_000 });
    await expect(running(researcher)).toHaveAttribute('aria-valuenow', '50', { timeout: 60_000 });
    await expect(partner(host, name)).toContainText('50 slivers', { timeout: 20_000 });
  });

  await test.step('the host narrows it to 20 nodes and ends leases elsewhere: 20 are left, the others say why', async () => {
    await partner(host, name).getByRole('button', { name: 'Change what it has' }).click();
    const dialog = host.getByRole('dialog');
    await dialog.getByLabel('At most').fill('20');
    await expect(dialog.getByRole('status')).toContainText('40 nodes taken back, with 30 slivers');
    await dialog.getByLabel('End its leases at once').check();
    await dialog.getByLabel('Why').fill('exams need the rest');
    await dialog.getByRole('button', { name: 'Take back and set' }).click();
    await expect(partner(host, name)).toContainText('20 nodes');
    await expect(running(researcher)).toHaveAttribute('aria-valuenow', '20', { timeout: 30_000 });
    await expect(researcher.getByText(/exams need the rest/).first()).toBeVisible();
    await expect(partner(guestOperator, 'Meridian demo')).toContainText('20 nodes', { timeout: 20_000 });
  });

  await test.step('the host takes all back: nothing of it is left there', async () => {
    await partner(host, name).getByRole('button', { name: 'Take all back' }).click();
    const dialog = host.getByRole('dialog');
    await expect(dialog).toContainText('20 nodes with 20 slivers');
    await dialog.getByLabel('End its leases at once').check();
    await dialog.getByLabel('Why').fill('the term is over');
    await dialog.getByRole('button', { name: 'Take all back' }).click();
    await expect(partner(host, name)).toContainText('Nothing: it may use no node of ours.');
    await expect(researcher.getByText(/the term is over/).first()).toBeVisible({ timeout: 30_000 });
    await expect(partner(host, name)).toContainText('0 slivers', { timeout: 30_000 });
  });

  await test.step('the host ends the partnership, and the guest’s agent is refused at once', async () => {
    await partner(host, name).getByRole('button', { name: 'End the partnership' }).click();
    await host.getByRole('dialog').getByRole('button', { name: 'End the partnership' }).click();
    await expect(partner(host, name)).toContainText('Ended');
    await expect(partner(guestOperator, 'Meridian demo').getByRole('status')).toContainText(
      /taken back|revoked|no longer/,
      {
        timeout: 20_000,
      },
    );
    await look(guestOperator, 'partners-failing', LOOKS[2]);
  });
  expect(errors).toEqual([]);
});
