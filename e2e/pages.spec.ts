import type { Page } from '@playwright/test';
import { expect, freshName, type Role, test, watchErrors } from './fixtures';
import { isOneOfEach, LOOKS, look } from './pages/look';
import { askForSlice, fillSlice } from './pages/new-slice';

const PAGES: readonly [role: Role, path: string][] = [
  ['researcher', '/'],
  ['researcher', '/slices'],
  ['researcher', '/slices/new'],
  ['researcher', '/keys'],
  ['researcher', '/account'],
  ['pi', '/'],
  ['pi', '/approvals'],
  ['pi', '/sites/demo'],
  ['operator', '/'],
  ['operator', '/fleet'],
  ['operator', '/sites'],
  ['operator', '/trust'],
  ['operator', '/trust/agents'],
  ['operator', '/trust/partners'],
  ['operator', '/trust/revocations'],
  ['researcher', '/audit'],
  ['operator', '/audit'],
  ['operator', '/no/such/page'],
];

/** A build server looks at each size and each scheme once; at a desk all four pairs are looked at, and their pictures kept. */
const SIZES = process.env.CI ? LOOKS.filter(isOneOfEach) : LOOKS;

for (const size of SIZES) {
  test(`every page at ${size.width} px, ${size.scheme}: no errors, nothing wider than the window${isOneOfEach(size) ? ', accessible' : ''}`, async ({
    as,
    browser,
    baseURL,
  }) => {
    test.setTimeout(300_000);
    const windows = new Map<Role, { page: Page; errors: string[] }>();
    for (const [role, path] of PAGES) {
      const open = windows.get(role) ?? (await opened(await as(role, size)));
      windows.set(role, open);
      await open.page.goto(path);
      await look(open.page, `${role}${path.replaceAll('/', '-')}`, size, undefined, isOneOfEach(size));
      const expected = path.startsWith('/no/') ? open.errors.splice(0).filter((e) => !e.includes('404')) : open.errors;
      expect(expected, `${role} ${path}`).toEqual([]);
    }
    const context = await browser.newContext({
      baseURL,
      viewport: size,
      colorScheme: size.scheme,
      reducedMotion: 'reduce',
    });
    const stranger = await opened(await context.newPage());
    for (const path of ['/sign-in', '/invite/this-token-was-never-given-out']) {
      await stranger.page.goto(path);
      await look(
        stranger.page,
        `stranger${path.replaceAll('/', '-').slice(0, 12)}`,
        size,
        undefined,
        isOneOfEach(size),
      );
    }
    expect(stranger.errors).toEqual([]);
    await context.close();
  });
}

test('the form for a new slice says at once what is wrong, and loses nothing', async ({ as }) => {
  const page = await as('researcher');
  const short = freshName('form');
  await page.goto('/slices/new');
  const check = page.getByRole('complementary', { name: 'Would it work?' });
  await expect(check).toContainText('Could be had now');
  // From here on answers come late: what was said of the empty form must not be held against what is typed now.
  let answer = () => {};
  const late = new Promise<void>((done) => {
    answer = done;
  });
  await page.route(/slices\.check/, (route) => late.then(() => route.continue()));
  await fillSlice(page, { name: short, reason: 'Too short', count: 5, days: 14 });
  await page.getByRole('button', { name: 'Ask for it' }).click();
  await expect(page.getByText('at least 10 characters')).toBeVisible();
  await expect(page.getByLabel('Reason')).toBeFocused();
  await expect(page.locator('[aria-invalid="true"]')).toHaveCount(1);
  answer();
  await page.getByLabel('Number of nodes').fill('999');
  await expect(check).toContainText('Not like this');
  await page.reload();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(short);
  await expect(page.getByLabel('Number of nodes')).toHaveValue('999');
});

test('two tabs share one stream, and a change reaches both', async ({ as }) => {
  const first = await as('pi');
  await first.goto('/approvals');
  await expect(first.locator('[data-live="live"]')).toBeAttached();
  const streams: string[] = [];
  const second = await first.context().newPage();
  second.on('request', (request) => {
    if (request.url().includes('live.events')) streams.push(request.url());
  });
  await second.goto('/approvals');
  await expect(second.locator('[data-live="live"]')).toBeAttached();
  const short = freshName('tabs');
  const researcher = await as('researcher');
  await askForSlice(researcher, {
    name: short,
    reason: 'See whether a change reaches both tabs.',
    count: 1,
    minimum: 1,
  });
  for (const tab of [first, second]) await expect(tab.getByRole('article', { name: `demo_${short}` })).toBeVisible();
  expect(streams).toEqual([]);
  // The leading tab goes: the other takes over.
  await first.close();
  await expect(second.locator('[data-live="live"]')).toBeAttached();
  await expect.poll(() => streams.length).toBeGreaterThan(0);
  await researcher.getByRole('button', { name: 'Withdraw' }).click();
  await researcher.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click();
  await expect(second.getByRole('article', { name: `demo_${short}` })).toBeHidden();
});

test('by keyboard alone: skip link, search, a page', async ({ as }) => {
  const page = await as('operator');
  await page.goto('/');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder('A page, slice, node or site').fill('reykjavik');
  await expect(page.getByRole('option').filter({ hasText: 'node1.reykjavik' })).toBeVisible();
  await page.getByPlaceholder('A page, slice, node or site').fill('keys');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/keys$/);
});

async function opened(page: Page) {
  return { page, errors: watchErrors(page) };
}
