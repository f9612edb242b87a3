import { readFile } from 'node:fs/promises';
import { expect, freshName, test } from './fixtures';
import { askForSlice } from './pages/new-slice';

test('who did what is found, opened, checked and exported; others’ acts are not shown', async ({ as }) => {
  const researcher = await as('researcher');
  const short = freshName('trail');
  await askForSlice(researcher, { name: short, reason: 'See what the audit trail says of it.', count: 1, minimum: 1 });

  const operator = await as('operator');
  await operator.goto('/audit');
  await operator.getByRole('searchbox', { name: 'Search who, what and on what' }).fill(`demo_${short}`);
  const row = operator.getByRole('row').filter({ hasText: `demo_${short}` });
  await expect(row).toHaveCount(1);
  await expect(row).toContainText('Asked for');
  await expect(operator).toHaveURL(new RegExp(`q=demo_${short}`));

  await row.click();
  const dialog = operator.getByRole('dialog');
  await expect(dialog).toContainText('As it was written: its hash was made again in this browser.');
  await operator.keyboard.press('Escape');

  await operator.getByRole('button', { name: 'Check the whole trail' }).click();
  await expect(operator.getByText(/rows, all as they were written\./)).toBeVisible();

  const download = operator.waitForEvent('download');
  await operator.getByRole('link', { name: 'JSON lines' }).click();
  const lines = (await readFile(await (await download).path(), 'utf8')).trim().split('\n');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ action: 'slice.request', objectId: `demo_${short}` });

  await researcher.goto('/audit');
  await expect(researcher.getByRole('row').filter({ hasText: `demo_${short}` })).toHaveCount(1);
  await expect(researcher.getByRole('row').filter({ hasText: 'Enrolled a node' })).toHaveCount(0);
  await expect(researcher.getByRole('button', { name: 'Check the whole trail' })).toHaveCount(0);
});
