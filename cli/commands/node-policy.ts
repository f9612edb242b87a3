import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { Refused } from '@/core/errors';
import { OPEN_POLICY, policyWords } from '@/core/node/owner-policy';
import { parsePolicy } from '@/protocol/node-manager/policy';
import { json, plain } from '../print';
import { action, type Io } from '../run';
import { dataFolder } from '../settings';

type Options = { data?: string };

/** `meridian node policy show|set`: the owner's word, in a file on this machine. Nothing is called over the network. */
export function nodePolicyCommand(node: Command, io: Io): void {
  const policy = node.command('policy').description('what the owner of this machine lays down for its node');
  const here = (command: Command) =>
    command.option('--data <folder>', 'the node’s data (else MERIDIAN_NODE_DATA, else node in MERIDIAN_DATA)');
  here(
    policy.command('show', { isDefault: true }).description('show what holds, in words; with --json the file'),
  ).action(
    action(io, (settings, options: Options) => {
      const text = read(fileOf(options));
      const current = text === null ? OPEN_POLICY : parsePolicy(text);
      io.out(settings.json ? `${json(current)}\n` : `${policyWords(current).map(plain).join('\n')}\n`);
      return Promise.resolve(0);
    }),
  );
  here(
    policy
      .command('set <field> [values...]')
      .description(
        'change one field, such as: reserve.memoryMiB 2048 · maxSlivers 20 · sites.bar lab uni* · adminSwitch draining · ports none',
      ),
  ).action(
    action(io, (settings, field: string, values: string[], options: Options) => {
      const file = fileOf(options);
      const before = read(file);
      const changed = withField(before === null ? {} : parsePolicy(before), field.split('.'), values);
      const text = json(changed);
      const now = parsePolicy(text); // before anything is written
      write(file, `${text}\n`);
      io.out(settings.json ? `${json(now)}\n` : `${policyWords(now).map(plain).join('\n')}\n`);
      return Promise.resolve(0);
    }),
  );
}

function fileOf({ data }: Options): string {
  const folder = resolve(data ?? process.env.MERIDIAN_NODE_DATA ?? join(dataFolder(), 'node'));
  if (!existsSync(folder))
    throw new Refused('INVALID_INPUT', {
      field: '--data',
      problem: `there is no folder ${folder}: give the one that holds the node’s data`,
    });
  return join(folder, 'policy.json');
}

function read(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/** A copy with one field set: a number, a word, `none`, or for a list all the values (no value empties it). */
function withField(object: object, [name = '', ...path]: readonly string[], values: readonly string[]): object {
  const members = new Map<string, unknown>(Object.entries(object));
  const held = members.get(name);
  if (path.length > 0) members.set(name, withField(typeof held === 'object' && held ? held : {}, path, values));
  else members.set(name, name === 'allow' || name === 'bar' ? values : fieldValue(name, values));
  return Object.fromEntries(members);
}

function fieldValue(name: string, values: readonly string[]): unknown {
  const [first, second, ...more] = values;
  if (name === 'ports' && second !== undefined && more.length === 0) return { from: Number(first), to: Number(second) };
  if (first === undefined || second !== undefined)
    throw new Refused('INVALID_INPUT', { field: name, problem: 'give one value' });
  if (first === 'none') return null;
  return /^-?\d+(\.\d+)?$/.test(first) ? Number(first) : first;
}

/** Whole or not at all, for its owner only: a node that reads meanwhile sees the old one or the new one. */
function write(file: string, text: string): void {
  const part = `${file}.part`;
  const fd = openSync(part, 'w', 0o600);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(part, file);
}
