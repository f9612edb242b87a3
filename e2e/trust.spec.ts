import { expect, test, watchErrors } from './fixtures';
import { LOOKS, look } from './pages/look';

test('who trusts whom: an edge, its statement verified here, a changed byte refused, the path question', async ({
  as,
}) => {
  const page = await as('operator');
  const errors = watchErrors(page);
  await page.goto('/trust');
  const graph = page.getByRole('region', { name: 'Who trusts whom' });
  const edge = graph.getByRole('button', { name: /nodes? of .* to am: / }).first();
  // By keyboard: from the first group along its edge.
  await graph
    .getByRole('button', { name: /of [\d,]+ sites?$/ })
    .first()
    .focus();
  await page.keyboard.press('ArrowRight');
  await expect(edge).toBeFocused();
  await page.keyboard.press('Enter');
  const panel = page.getByRole('complementary', { name: 'What was chosen' });
  await expect(panel.getByRole('heading', { level: 3 })).toContainText('to am');
  await panel.getByLabel('Find a node of these links').fill('this-machine');
  const rows = panel.getByRole('table').locator('tbody tr');
  await expect(rows).toHaveCount(1);
  await rows.first().click();
  await expect(panel.getByText('Verified in this browser')).toBeVisible();
  await expect(panel.getByText('Signature holds', { exact: true })).toBeVisible();
  await expect(panel.getByRole('button', { name: 'Take it back' })).toBeVisible();
  await expect(page).toHaveURL(/link=/);
  const statement = (await panel.locator('code').filter({ hasText: /^eyJ/ }).first().textContent()) ?? '';

  // The same text in the box holds; with one byte changed it does not.
  const box = page.getByLabel('Signed statement', { exact: true });
  const verify = page.getByRole('button', { name: 'Verify', exact: true });
  await box.fill(statement);
  await verify.click();
  await expect(page.getByText('A delegation signed by this-machine')).toBeVisible();
  const at = statement.indexOf('.') + 40;
  await box.fill(statement.slice(0, at) + (statement[at] === 'A' ? 'B' : 'A') + statement.slice(at + 1));
  await verify.click();
  await expect(page.getByRole('alert').filter({ hasText: 'BAD_SIGNATURE' })).toContainText('Refused');

  // Yes, by one link; no, and why, with an address of its own.
  await page.getByLabel('Agent or key').fill('am');
  await page.getByLabel('Node', { exact: true }).fill('this-machine');
  await page.getByRole('button', { name: 'Ask' }).click();
  await expect(page.getByText(/am may issue 1 ticket/)).toBeVisible();
  await expect(page.getByRole('list', { name: 'The path' }).getByText('Holds')).toBeVisible();
  await page.getByLabel('Slivers').fill('9999');
  await page.getByRole('button', { name: 'Ask' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'DELEGATION_SPENT' })).toContainText(
    'What would have to change',
  );
  await page.goto(page.url());
  await expect(page.getByText('The first broken link')).toBeVisible();

  // The table says the same, filtered by its address.
  await page.goto('/trust?q=this-machine');
  await expect(
    page.getByRole('table', { name: 'Every link that you may see' }).locator('tbody tr').first(),
  ).toContainText('this-machine');
  expect(errors).toEqual([]);
});

test('what is opened and chosen is accessible, by day and night, on a phone and a desk', async ({ as }) => {
  for (const size of [LOOKS[1], LOOKS[2]]) {
    const page = await as('operator', size);
    await page.goto('/trust');
    await page
      .getByRole('button', { name: /nodes? of .* to am: / })
      .first()
      .click();
    const panel = page.getByRole('complementary', { name: 'What was chosen' });
    await panel.getByRole('table').locator('tbody tr').first().click();
    await look(page, 'operator-trust-link', size, panel.getByText('Verified in this browser'));
  }
});

test('a researcher sees what concerns them, and no more', async ({ as }) => {
  const page = await as('researcher');
  await page.goto('/trust');
  await expect(page.getByText(/No authority concerns you yet|as of/).first()).toBeVisible();
  await page.goto('/trust?key=am&node=node1.tokyo');
  await expect(
    page
      .getByRole('alert')
      .or(page.getByText(/am may/))
      .first(),
  ).toBeVisible();
});
