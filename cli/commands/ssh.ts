import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { Refused } from '@/core/errors';
import { json } from '../print';
import { type Io, signedIn } from '../run';

/** `meridian ssh <slice> <node> [command...]`. */
export function sshCommands(program: Command, io: Io): void {
  program
    .command('ssh <slice> <node> [command...]')
    .description('log into the sliver of a slice on a node with ssh, or run a command there')
    .option('--print', 'only print the ssh command and the line for known_hosts')
    .passThroughOptions()
    .action(
      signedIn(
        io,
        async ({ client, settings }, name: string, node: string, typed: string[], options: { print?: boolean }) => {
          const access = await client.slices.access.query({ name, node });
          const { ssh } = access;
          if (settings.json) {
            io.out(`${json(access)}\n`);
            return 0;
          }
          if (!ssh) throw new Refused('NO_WAY_IN', access.noSsh?.facts ?? { way: 'ssh' });
          const known = `[${ssh.host}]:${ssh.port} ${ssh.hostKey}`;
          const to = ['-p', String(ssh.port), `${ssh.login}@${ssh.host}`];
          // What stands behind the node is ssh's, save this one where people write it.
          if (options.print || typed[0] === '--print') {
            io.out(`ssh ${to.join(' ')}\n${known}\n`);
            return 0;
          }
          return runSsh(known, [...to, ...(typed[0] === '--' ? typed.slice(1) : typed)]);
        },
      ),
    );
}

/** Runs the machine's own ssh, which believes the host key that the node told and no other. Its exit code is the answer. */
async function runSsh(knownHost: string, args: string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-ssh-'));
  try {
    const file = join(folder, 'known_hosts');
    writeFileSync(file, `${knownHost}\n`);
    const checks = ['-o', `UserKnownHostsFile=${file}`, '-o', 'StrictHostKeyChecking=yes'];
    return await new Promise<number>((resolve, reject) => {
      const child = spawn('ssh', [...checks, ...args], { stdio: 'inherit' });
      child.once('error', () =>
        reject(new Refused('NO_WAY_IN', { way: 'ssh', problem: 'there is no program ssh on this machine' })),
      );
      child.once('exit', (code) => resolve(code ?? 255));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
