import type { Command } from 'commander';
import { Refused } from '@/core/errors';
import { proveChallenge, registrationChallenge } from '@/protocol/pki/challenge';
import { json, table } from '../print';
import { type Io, signedIn } from '../run';
import { dataFolder } from '../settings';
import { openFolder, svmFolder } from '../svm/folder';
import { keepManager, keyOf } from '../svm/identity';

/** `meridian key register|list|revoke`: keys of one's own service managers. */
export function keyCommands(program: Command, io: Io): void {
  const key = program.command('key').description('keys of your own service managers (meridian svm)');
  key
    .command('register')
    .description(
      'make a key here, where it stays, and register its public half; it counts once an operator approved it',
    )
    .requiredOption('--name <name>', 'what to call it')
    .option('--state <folder>', 'where it is kept (else MERIDIAN_SVM, else svm beside the stored token)')
    .action(
      signedIn(io, async ({ client, settings }, options: { name: string; state?: string }) => {
        const folder = options.state ?? svmFolder(dataFolder());
        openFolder(folder);
        const own = await keyOf(folder);
        const { urn, ca, agents } = await client.principalKeys.start.query();
        keepManager(folder, { urn, ca, agents });
        const facts = { urn, publicKey: own.jwk, at: Math.floor(Date.now() / 1000) };
        const known = (await client.principalKeys.list.query()).find((one) => one.jkt === own.jkt);
        const proof = proveChallenge(registrationChallenge(facts), own.privateKey);
        const view =
          known ??
          (await client.principalKeys.register.mutate({ name: options.name, publicKey: own.jwk, at: facts.at, proof }));
        if (settings.json) io.out(`${json({ ...view, folder })}\n`);
        else {
          io.out(`${view.jkt}\n`);
          const wait = view.approvedAt ? 'It counts.' : 'It counts once an operator approved it.';
          io.err(`The key is in ${folder}, readable by you alone. ${wait}\n`);
        }
        return 0;
      }),
    );
  key
    .command('list', { isDefault: true })
    .description('list your keys')
    .action(
      signedIn(io, async ({ client, settings }) => {
        const keys = await client.principalKeys.list.query();
        if (settings.json) io.out(`${json(keys)}\n`);
        else if (keys.length === 0)
          io.out('You have no keys for a service manager of your own: meridian key register makes one.\n');
        else {
          type Row = (typeof keys)[number];
          const columns = [
            { head: 'NAME', cell: (row: Row) => row.name },
            { head: 'KEY', cell: (row: Row) => row.jkt },
            {
              head: 'STATE',
              cell: (row: Row) => (row.revokedAt ? 'taken back' : row.approvedAt ? 'counts' : 'waits for approval'),
            },
            { head: 'LAST USED', cell: (row: Row) => row.lastUsedAt?.toISOString() ?? '–' },
          ];
          io.out(`${table(keys, columns)}\n`);
        }
        return 0;
      }),
    );
  key
    .command('revoke <name>')
    .description('take a key back: agents and nodes refuse it within seconds')
    .option('--end-leases', 'also end what it holds; else that runs to its end and is not renewed')
    .option('--reason <text>', 'why, for the audit trail', 'taken back by its holder')
    .action(
      signedIn(io, async ({ client, settings }, name: string, options: { endLeases?: boolean; reason: string }) => {
        const keys = await client.principalKeys.list.query();
        const found = keys.find((one) => !one.revokedAt && (one.name === name || one.jkt === name));
        if (!found) throw new Refused('NOT_FOUND', { kind: 'key', id: name });
        const answer = await client.revocations.revoke.mutate({
          target: { kind: 'key', id: found.id },
          endLeases: options.endLeases ?? false,
          reason: options.reason,
        });
        io.out(settings.json ? `${json(answer)}\n` : `Taken back: ${found.jkt}\n`);
        return 0;
      }),
    );
}
