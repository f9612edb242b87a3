import type { Page } from '@playwright/test';
import { expect, freshName, test, watchErrors } from './fixtures';
import { LOOKS, look } from './pages/look';
import { askForSlice } from './pages/new-slice';

const HERE = 'this-machine';

/** A terminal in a browser: typed into, resized, closed, written down. */
test('a terminal in the sliver on this machine', async ({ as }) => {
  const page = await as('researcher');
  const errors = watchErrors(page);
  const short = freshName('term');
  const name = `demo_${short}`;
  const wish = { name: short, reason: 'To look around in a sliver.', count: 1, picked: [HERE], minimum: 2 };
  await askForSlice(page, wish);
  const pi = await as('pi');
  await pi.goto('/approvals');
  await pi.getByRole('article', { name }).getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByRole('row').filter({ hasText: HERE })).toContainText('Running', { timeout: 60_000 });

  await test.step('says how to get in, by ssh where the image has a server; a simulated sliver has no way in', async () => {
    await page.getByRole('tab', { name: 'How to get in' }).click();
    // Whichever image this machine gives when none is asked for.
    const ways = /its image tiny holds no ssh server\. Open a terminal|^ssh demo_\S+@\S+ -p \d+$/;
    await expect(page.getByText(ways).first()).toBeVisible();
    await page.getByRole('tab', { name: /^Slivers/ }).click();
    await page
      .getByRole('row')
      .filter({ hasText: 'Running' })
      .filter({ hasNotText: HERE })
      .getByRole('cell')
      .nth(1)
      .click();
    await expect(page.getByRole('dialog')).toContainText('it is simulated, and nothing real runs there');
    await page.keyboard.press('Escape');
  });

  const dialog = page.getByRole('dialog', { name: /^Terminal/ });
  await test.step('what is typed runs inside, Escape is the program’s, and the size follows the window', async () => {
    await page.getByRole('button', { name: `Terminal on ${HERE}` }).click();
    await expect(dialog).toContainText('Connected');
    await page.keyboard.type('echo in-$((40 + 2)); hostname; echo "size:$(stty size):"\n');
    await expect(screen(page)).toContainText('in-42');
    await expect(screen(page)).toContainText(`demo-${short}.`);
    await expect.poll(() => sizeIn(page)).not.toBe('');
    const before = await sizeIn(page);
    await page.keyboard.press('Escape');
    await expect(dialog).toBeVisible();
    for (const looks of [LOOKS[0], LOOKS[3]]) {
      await page.setViewportSize({ width: looks.width, height: looks.height });
      await page.emulateMedia({ colorScheme: looks.scheme });
      await look(page, 'terminal', looks, dialog.getByRole('heading'));
    }
    await page.setViewportSize({ width: 900, height: 700 });
    await page.keyboard.press('Control+u');
    await page.keyboard.type('clear; echo "size:$(stty size):"\n');
    await expect.poll(() => sizeIn(page)).not.toBe(before);
  });

  await test.step('Shift and Escape lead out; closed, it is in the timeline with how long it was open', async () => {
    await page.keyboard.press('Shift+Escape');
    await expect(dialog.getByRole('button', { name: 'Close the terminal' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(dialog).toBeHidden();
    await page.getByRole('tab', { name: 'Timeline' }).click();
    await expect(page.getByText(`Terminal opened on ${HERE}`)).toBeVisible();
    await expect(page.getByText(new RegExp(`Terminal closed on ${HERE} after \\d+ s`))).toBeVisible();
  });

  await test.step('says why it ended, and opens again; without leave nobody opens one', async () => {
    await page.getByRole('tab', { name: /^Slivers/ }).click();
    await page.getByRole('button', { name: `Terminal on ${HERE}` }).click();
    await expect(dialog).toContainText('Connected');
    await page.keyboard.type('exit 3\n');
    await expect(dialog.getByRole('alert')).toContainText('The shell ended with exit code 3.');
    await dialog.getByRole('button', { name: 'Open again' }).click();
    await expect(dialog).toContainText('Connected');
    // A cookie alone opens none.
    expect(await refusedUpgrade(page)).toBe('closed');
    await page.keyboard.press('Shift+Escape');
    await page.keyboard.press('Enter');
  });
  expect(errors).toEqual([]);

  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByLabel(/Type/).fill(name);
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect(page.locator('[data-state="deleted"]').first()).toBeVisible({ timeout: 60_000 });
});

/** The terminal's lines, as they are read out. */
const screen = (page: Page) => page.locator('.xterm-rows');

async function sizeIn(page: Page): Promise<string> {
  const text = (await screen(page).textContent()) ?? '';
  return [...text.matchAll(/size:(\d+ \d+):/g)].at(-1)?.[1] ?? '';
}

/** A WebSocket with a token that nobody was given: opened for the cookie, and closed without a terminal. */
function refusedUpgrade(page: Page): Promise<string> {
  return page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/api/terminal`);
        let opened = false;
        socket.onopen = () => socket.send(JSON.stringify({ t: 'open', token: 'x'.repeat(43), cols: 80, rows: 24 }));
        socket.onmessage = ({ data }) => {
          opened ||= String(data).includes('"open"');
        };
        socket.onclose = () => resolve(opened ? 'opened' : 'closed');
      }),
  );
}
