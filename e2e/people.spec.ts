import { expect, freshName, test } from './fixtures';

const PASSPHRASE = 'a sentence that nobody guesses';

test('somebody is invited, comes in, works by token and key, and is taken off again', async ({
  as,
  browser,
  baseURL,
  meridian,
}) => {
  const email = `${freshName('guest')}@demo.example`;
  const name = `<b>Éva</b> 🦊 ${'x'.repeat(60)}`;
  const pi = await as('pi');
  await pi.goto('/sites/demo');

  const link = await test.step('a PI makes one link, however often the button is pressed', async () => {
    await pi.getByRole('button', { name: 'Invite somebody' }).click();
    const dialog = pi.getByRole('dialog');
    await dialog.getByLabel('E-mail address').fill(email);
    await dialog.getByRole('button', { name: 'Make the link' }).dblclick();
    await expect(dialog).toContainText('It works once');
    const text = await dialog.locator('code').first().textContent();
    await dialog.getByRole('button', { name: 'Done' }).click();
    await expect(pi.getByText(email)).toHaveCount(1);
    return text ?? '';
  });

  const guests = await browser.newContext({ baseURL });
  const guest = await guests.newPage();
  const errors: string[] = [];
  guest.on('pageerror', (error) => errors.push(error.message));
  await test.step('the guest makes an account, and no name breaks a page', async () => {
    await guest.goto(link);
    await guest.getByLabel('Your name').fill(name);
    await guest.getByLabel('Password').fill('too short');
    await guest.getByRole('button', { name: 'Accept' }).click();
    await expect(guest.getByRole('alert').filter({ hasText: 'at least 12 are needed' })).toBeVisible();
    await guest.getByLabel('Password').fill(PASSPHRASE);
    await guest.getByRole('button', { name: 'Accept' }).click();
    await guest.waitForURL(`${baseURL}/`);
    await expect(guest.getByRole('heading', { name })).toBeVisible();
    expect(errors).toEqual([]);
  });

  await test.step('the link works once', async () => {
    await pi.goto(link);
    await expect(pi.getByText('it was used, withdrawn, or is too old')).toBeVisible();
  });

  await test.step('a private key is not sent, a wrong one is refused in words, and what was typed stays', async () => {
    await guest.goto('/keys');
    const key = guest.getByLabel('Public key');
    await key.fill('-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----');
    await guest.getByRole('textbox', { name: 'Name' }).fill('laptop');
    await guest.getByRole('button', { name: 'Add key' }).click();
    await expect(guest.getByRole('alert').filter({ hasText: 'it was not sent' })).toBeVisible();
    await key.fill('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5');
    await guest.getByRole('button', { name: 'Add key' }).click();
    await expect(guest.getByRole('alert').filter({ hasText: 'The public key was not accepted' })).toBeVisible();
    await expect(key).toHaveValue('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5');
  });

  await test.step('a token acts as its owner until it is revoked', async () => {
    await guest.goto('/account');
    await guest.getByRole('textbox', { name: 'Name' }).fill('laptop');
    await guest.getByRole('button', { name: 'Make a token' }).click();
    const token = (await guest.getByRole('status').locator('code').first().textContent()) ?? '';
    expect((await meridian(token, 'whoami')).out).toContain(email);
    await guest.getByRole('button', { name: 'Revoke laptop' }).click();
    await expect(guest.getByText(token)).toHaveCount(0);
    const after = await meridian(token, 'whoami');
    expect(after).toMatchObject({ code: 77, err: expect.stringContaining('You are not signed in') });
  });

  await test.step('a PI takes them off the site', async () => {
    await pi.goto('/sites/demo');
    await pi.getByRole('button', { name: `Remove ${name}` }).click();
    await pi.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await expect(pi.getByRole('dialog')).toBeHidden();
    await expect(pi.getByRole('cell', { name })).toHaveCount(0);
    await guest.goto('/slices/new');
    await expect(guest.getByText('You are not a researcher or PI of any site')).toBeVisible();
  });
  await guests.close();
});

test('a PI may lower the quota and not raise it, and is told so in words', async ({ as }) => {
  const pi = await as('pi');
  await pi.goto('/sites/demo');
  await pi.getByRole('button', { name: 'Change' }).click();
  const dialog = pi.getByRole('dialog');
  const slivers = dialog.getByRole('textbox', { name: 'Slivers' });
  await slivers.fill('100,000');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByRole('alert')).toContainText('an operator raises them');
  await expect(slivers).toHaveValue('100,000');
  await pi.keyboard.press('Escape');
  await expect(pi.getByRole('button', { name: 'Change' })).toBeFocused();
});

test('an ended session stops the stream, says so, and the page goes on once signed in again', async ({
  as,
  browser,
  baseURL,
}) => {
  const email = `${freshName('twice')}@demo.example`;
  const operator = await as('operator');
  await operator.goto('/sites/demo');
  await operator.getByRole('button', { name: 'Invite somebody' }).click();
  await operator.getByLabel('E-mail address').fill(email);
  await operator.getByRole('button', { name: 'Make the link' }).click();
  const link = (await operator.getByRole('dialog').locator('code').first().textContent()) ?? '';

  const [here, elsewhere] = await Promise.all([browser.newContext({ baseURL }), browser.newContext({ baseURL })]);
  const page = await here.newPage();
  await page.goto(link);
  await page.getByLabel('Your name').fill('Twice Signed-In');
  await page.getByLabel('Password').fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Accept' }).click();
  await page.waitForURL(`${baseURL}/`);
  await page.goto('/keys');
  await page.getByLabel('Public key').fill('half a key');
  await expect(page.locator('[data-live="live"]')).toBeAttached();

  const other = await elsewhere.newPage();
  await other.goto('/sign-in?next=/account');
  await other.getByLabel('E-mail address').fill(email);
  await other.getByLabel('Password').fill(PASSPHRASE);
  await other.getByRole('button', { name: 'Sign in' }).click();
  await other.getByRole('listitem').getByRole('button', { name: 'Sign out' }).click();

  await expect(page.getByRole('alert').filter({ hasText: 'your session has ended' })).toBeVisible();
  await expect(page.locator('[data-live="ended"]')).toBeAttached();
  const [tab] = await Promise.all([
    here.waitForEvent('page'),
    page.getByRole('link', { name: 'Sign in again in a new tab' }).click(),
  ]);
  await tab.getByLabel('E-mail address').fill(email);
  await tab.getByLabel('Password').fill(PASSPHRASE);
  await tab.getByRole('button', { name: 'Sign in' }).click();
  await tab.waitForURL('**/keys');
  await page.bringToFront();
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await expect(page.locator('[data-live="live"]')).toBeAttached();
  await expect(page.getByLabel('Public key')).toHaveValue('half a key');
  await Promise.all([here.close(), elsewhere.close()]);
});
