import { createConnection } from 'node:net';
import { expect, freshName, test, watchErrors } from './fixtures';
import { askForSlice } from './pages/new-slice';

const HERE = 'this-machine';

/** What answers at a port of this machine; empty when nobody does. */
function heard(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port, timeout: 3_000 });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('timeout', () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}

test('a member publishes a port of a sliver, reaches it, and withdraws it', async ({ as, meridian }, info) => {
  test.setTimeout(180_000);
  const page = await as('researcher');
  const errors = watchErrors(page);
  const short = freshName('ports');
  const name = `demo_${short}`;
  await askForSlice(page, {
    name: short,
    reason: 'Offer a small server to the world.',
    count: 0,
    picked: [HERE],
    days: 1,
  });
  const pi = await as('pi');
  await pi.goto('/approvals');
  await pi.getByRole('article', { name }).getByRole('button', { name: 'Approve' }).click();
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: HERE, exact: true }) });
  await expect(row).toContainText('Running', { timeout: 90_000 });
  info.skip((await row.textContent())?.includes('simulated') === true, 'this host runs no real slivers');

  await row.getByText('Running').click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Port in the sliver').fill('8080');
  await dialog.getByRole('button', { name: 'Publish' }).click();
  const line = dialog.getByRole('listitem').filter({ hasText: 'to 8080/tcp' });
  await expect(line).toBeVisible();
  const port = Number(/:(\d+)/.exec((await line.textContent()) ?? '')?.[1]);
  await dialog.getByLabel('Port in the sliver').fill('8081');
  await dialog.getByLabel('Port of the node').fill(String(port));
  await dialog.getByRole('button', { name: 'Publish' }).click();
  await expect(line).toHaveCount(0); // the port leads to 8081 now
  await dialog.getByLabel('Port in the sliver').fill('8080');
  await dialog.getByLabel('Port of the node').fill(String(port));
  await dialog.getByRole('button', { name: 'Publish' }).click();
  await expect(line).toBeVisible();
  await page.screenshot({ path: info.outputPath('ports.png') });

  // What was signed for it, verified in the browser.
  for (const kind of ['Ticket', 'Lease']) {
    const signed = dialog
      .getByRole('list', { name: 'What was signed' })
      .getByRole('listitem')
      .filter({ hasText: new RegExp(`^${kind}`) });
    await signed.getByText(kind, { exact: true }).click();
    await expect(signed).toContainText('Verified in this browser');
    await signed.scrollIntoViewIfNeeded();
    await page.screenshot({ path: info.outputPath(`${kind.toLowerCase()}.png`) });
    await signed.getByText(kind, { exact: true }).click();
  }

  await page.goto('/account');
  await page.getByLabel('Name').fill(short);
  await page.getByRole('button', { name: 'Make a token' }).click();
  const token = (await page.getByRole('status').locator('code').textContent()) ?? '';
  const serve = 'nc -ll -p 8080 -e echo hello-from-the-sliver >/dev/null 2>&1 &';
  expect((await meridian(token, 'exec', name, HERE, '--', 'sh', '-c', serve)).code).toBe(0);
  await expect.poll(() => heard(port)).toBe('hello-from-the-sliver\n');
  const listed = await meridian(token, 'port', 'list', name, HERE);
  expect(listed.out).toContain(`:${port}`);

  const removed = await meridian(token, 'port', 'remove', name, HERE, `${port}/tcp`);
  expect(removed.out).toContain('No port of this-machine is published');
  expect(await heard(port)).toBe('');
  const no = await meridian(token, 'port', 'publish', name, HERE, '80/tcp', '--external', '22');
  expect(no.err).toContain('lets slivers publish ports');
  const asked = await meridian(token, 'node', 'flows', HERE, '--at', new Date().toISOString());
  expect(asked.code).not.toBe(0); // a researcher may not
  expect(errors).toEqual([]);
});
