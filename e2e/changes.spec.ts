import { expect, freshName, test, watchErrors } from './fixtures';
import { LOOKS, look } from './pages/look';
import { askForSlice } from './pages/new-slice';

test('a slice grows by a PI’s leave, shrinks and moves while it runs', async ({ as }) => {
  test.setTimeout(120_000);
  const short = freshName('change');
  const name = `demo_${short}`;
  const page = await as('researcher');
  const errors = watchErrors(page);
  const pi = await as('pi');
  const approve = async (words: string) => {
    await pi.goto('/approvals');
    const request = pi.getByRole('article', { name });
    await expect(request).toContainText(words);
    await request.getByRole('button', { name: 'Approve' }).click();
    await expect(request).toBeHidden();
  };
  const running = page.getByRole('progressbar', { name: 'Slivers running' });
  const runs = async (n: number) => {
    await expect(running).toHaveAttribute('aria-valuemax', String(n), { timeout: 30_000 });
    await expect(running).toHaveAttribute('aria-valuenow', String(n), { timeout: 30_000 });
  };
  await askForSlice(page, { name: short, reason: 'See a slice change while it runs.', count: 3, minimum: 2, days: 1 });
  await approve('3 slivers for 1 day');
  await runs(3);

  await test.step('it asks for two more; the PI sees what changes', async () => {
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('How many more').fill('2');
    await expect(dialog).toContainText('3 → 5 slivers');
    await expect(dialog).toContainText('A PI decides.');
    await dialog.getByLabel('Reason').fill('Two more to compare with.');
    for (const one of [LOOKS[0], LOOKS[3]]) {
      await page.setViewportSize(one);
      await page.emulateMedia({ colorScheme: one.scheme });
      await look(page, 'slice-grow', one, dialog);
    }
    await dialog.getByRole('button', { name: 'Ask for it' }).click();
    await expect(dialog).toBeHidden();
    await expect(page.getByRole('button', { name: 'Withdraw' })).toBeVisible();
    await pi.goto('/approvals');
    await expect(pi.getByRole('article', { name })).toContainText('3 → 5 slivers, +2');
    await look(pi, 'approve-change', LOOKS[2]);
    await approve('3 → 5 slivers, +2');
    await runs(5);
  });

  await test.step('it gives up one, and is told which', async () => {
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Fewer slivers').check();
    await expect(dialog).toContainText('4 slivers stay');
    await look(page, 'slice-shrink', LOOKS[3], dialog);
    await dialog.getByRole('button', { name: 'Give up 1 sliver' }).click();
    await expect(dialog).toBeHidden();
    await runs(4);
  });

  await test.step('one moves: the new one runs before the old one goes', async () => {
    const box = page.getByRole('checkbox', { name: /^Choose the sliver on / }).first();
    const from = (await box.getAttribute('aria-label'))?.split(' ').at(-1) ?? '';
    await box.check();
    await expect(page.getByText('1 sliver chosen')).toBeVisible();
    await page.getByRole('button', { name: 'Move…' }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText('Files do not move');
    await look(page, 'slice-move', LOOKS[3], dialog);
    await dialog.getByRole('button', { name: 'Move', exact: true }).click();
    await expect(dialog).toBeHidden();
    await expect(page.getByRole('row').filter({ hasText: `Took over from ${from}` })).toHaveCount(1, {
      timeout: 30_000,
    });
    await runs(4);
    await look(page, 'slice-changed', LOOKS[3]);
  });
  expect(errors).toEqual([]);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByLabel(/Type/).fill(name);
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
});
