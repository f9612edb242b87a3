import { expect, freshName, test } from './fixtures';
import { askForSlice } from './pages/new-slice';

const REASON = 'See who may do what with a slice of somebody else.';

test('a PI cannot decide their own request; another PI can', async ({ as }) => {
  const short = freshName('own');
  const pi = await as('pi');
  await askForSlice(pi, { name: short, reason: REASON, count: 1, minimum: 1 });
  await pi.goto('/approvals');
  const mine = pi.getByRole('article', { name: `demo_${short}` });
  await expect(mine).toContainText('not yours to decide');
  await expect(mine.getByRole('button', { name: 'Approve' })).toHaveCount(0);

  const other = await as('second-pi');
  await other.goto('/approvals');
  const theirs = other.getByRole('article', { name: `demo_${short}` });
  await theirs.getByRole('button', { name: 'Reject' }).click();
  await expect(theirs.getByRole('alert')).toContainText('Say why');
  await theirs.getByLabel('Comment').fill('Only a test of who may decide.');
  await theirs.getByRole('button', { name: 'Reject' }).click();
  await expect(theirs).toBeHidden();
  await pi.goto(`/slices/demo_${short}?view=requests`);
  // Said at the top of the page and, once its timeline is there, in it, too.
  await expect(pi.getByText('Only a test of who may decide.').first()).toBeVisible();
});

test('a slice of others looks the same as one that does not exist', async ({ as }) => {
  const short = freshName('hid');
  const pi = await as('pi');
  await askForSlice(pi, { name: short, reason: REASON, count: 1, minimum: 1 });
  const researcher = await as('researcher');
  for (const path of [`/slices/demo_${short}`, '/slices/demo_doesnotexist']) {
    await researcher.goto(path);
    await expect(researcher.getByRole('heading', { name: 'There is nothing here that you may see' })).toBeVisible();
  }
  await pi.goto(`/slices/demo_${short}`);
  await pi.getByRole('button', { name: 'Withdraw' }).click();
  await pi.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click();
  await expect(pi.locator('[data-state="withdrawn"]').first()).toBeVisible();
});

test('pages for those who decide are not there for others, and strangers sign in first', async ({ as, page }) => {
  const researcher = await as('researcher');
  await researcher.goto('/approvals');
  await expect(researcher.getByRole('heading', { name: 'There is nothing here that you may see' })).toBeVisible();
  await expect(researcher.getByRole('link', { name: 'Approvals' })).toHaveCount(0);
  await page.goto('/slices');
  await expect(page).toHaveURL(/\/sign-in\?next=%2Fslices$/);
});

test('wrong sign-ins get one answer, and a foreign address is not followed after the right one', async ({ page }) => {
  await page.goto('/sign-in?next=//evil.example');
  await page.getByLabel('E-mail address').fill('nobody@demo.example');
  await page.getByLabel('Password').fill('not the password of anybody');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'do not belong together' })).toBeVisible();
  await expect(page.getByLabel('E-mail address')).toHaveValue('nobody@demo.example');
});
