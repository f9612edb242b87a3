import { expect, type Page } from '@playwright/test';

export type Wish = {
  name: string;
  reason: string;
  count: number;
  minCountries?: number;
  picked?: string[];
  days?: number;
  minimum?: number;
};

/** Fills in the request for a slice as a person does, and sends it. */
export async function askForSlice(page: Page, wish: Wish): Promise<void> {
  await page.goto('/slices/new');
  await fillSlice(page, wish);
  await page.getByRole('button', { name: 'Ask for it' }).click();
  await page.waitForURL(new RegExp(`/slices/[a-z0-9]+_${wish.name}$`));
}

/** Fills in, and does not send. */
export async function fillSlice(page: Page, wish: Wish): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(wish.name);
  await page.getByLabel('Reason').fill(wish.reason);
  await page.getByLabel('Number of nodes').fill(String(wish.count));
  if (wish.minCountries) await page.getByLabel('In at least').fill(String(wish.minCountries));
  if (wish.days) await page.getByLabel('Term').fill(String(wish.days));
  if (wish.minimum) await page.getByLabel('Least number of slivers').fill(String(wish.minimum));
  if (wish.picked?.length) await pickNodes(page, wish.picked);
}

/** Picks nodes by hostname in the list of the form. */
async function pickNodes(page: Page, hostnames: readonly string[]): Promise<void> {
  await page.getByRole('button', { name: 'Pick nodes' }).click();
  // Nodes that are down are hidden until one asks for them.
  const list = page.getByRole('search', { name: 'Filter nodes' });
  await list.getByRole('checkbox', { name: 'Has room now' }).uncheck();
  for (const hostname of hostnames) {
    await list.getByLabel('Find nodes by name, site, city or country').fill(hostname);
    await page.getByRole('row', { name: new RegExp(`${hostname.replaceAll('.', '\\.')}(?![\\w.-])`) }).click();
  }
  await expect(page.getByText(new RegExp(`^${hostnames.length} nodes? chosen`))).toBeVisible();
  await page.getByRole('button', { name: 'Close the list' }).click();
}
