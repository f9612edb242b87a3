import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

/** A phone and a desk, by day and by night. */
export const LOOKS = [
  { width: 390, height: 844, scheme: 'light' },
  { width: 390, height: 844, scheme: 'dark' },
  { width: 1440, height: 900, scheme: 'light' },
  { width: 1440, height: 900, scheme: 'dark' },
] as const;

/** Each size and each scheme once. */
export const isOneOfEach = ({ width, scheme }: (typeof LOOKS)[number]) => width < 600 === (scheme === 'dark');

const SHOTS = join(process.cwd(), '.data', 'screenshots');

/**
 * Waits until the page (or what stands above it) stands, keeps a picture of it, and checks that nothing is wider than the window and, unless
 * told not to, that it is accessible, which takes longer than all else.
 */
export async function look(
  page: Page,
  name: string,
  { width, scheme }: (typeof LOOKS)[number],
  stands = page.getByRole('heading', { level: 1 }),
  accessible = true,
): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  await expect(stands).toBeVisible();
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
  await page.screenshot({ path: join(SHOTS, `${name}-${width}-${scheme}.png`) });
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  expect(sideways, `${name} is wider than the window`).toBe(false);
  if (!accessible) return;
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
  expect(
    serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`),
    name,
  ).toEqual([]);
}
