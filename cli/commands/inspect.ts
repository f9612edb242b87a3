import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { MAX_STATEMENT_BYTES } from '@/core/statement/bounds';
import { type Finding, type Inspection, inspectStatement } from '@/protocol/statement/inspect';
import { json, plain } from '../print';
import { readText } from '../read-text';
import { action, type Io } from '../run';
import { claimRows, rowsText } from '../statement-words';

const MARKS = { holds: 'ok', fails: 'WRONG', unknown: '?' } as const;

/** `meridian inspect`: any signed statement, decoded and checked as far as it can be, without asking anybody. */
export function inspectCommand(program: Command, io: Io): void {
  program
    .command('inspect <statement>')
    .description(
      'decode and check a ticket, lease, delegation or receipt: its text, a file with it, or - for standard input',
    )
    .option('--node-key <key>', 'the node’s public key (or its thumbprint) that you trust')
    .action(
      action(io, async (given, statement: string, options: { nodeKey?: string }) => {
        const found = inspectStatement(await textOf(statement), options.nodeKey ?? null, Date.now());
        io.out(given.json ? `${json(found)}\n` : text(found));
        return findingsOf(found).some(({ verdict }) => verdict === 'fails') ? 1 : 0;
      }),
    );
}

/** A statement has two dots and no slash; what is a file's name too is the file. */
async function textOf(given: string): Promise<string> {
  const isText =
    given !== '-' && given.split('.').length === 3 && given.length > 150 && !existsSync(given.slice(0, 255));
  return isText ? given : (await readText(given, MAX_STATEMENT_BYTES + 2)).trim();
}

function findingsOf({ signature, chain, rules }: Inspection): Finding[] {
  return [signature, ...chain.map((link) => link.signature), ...(rules ? [rules] : [])];
}

function text(found: Inspection): string {
  const { type, header, characters, signature, chain, rules } = found;
  const finding = (one: Finding) => `${MARKS[one.verdict]}: ${one.words}`;
  const parts = [
    `${type}, ${characters} characters, ${header.alg}, key ${header.kid}\n`,
    rowsText(claimRows(found).map(([label, value]) => [label, plain(value)])),
    `  signature  ${finding(signature)}\n`,
    ...chain.flatMap((link, i) => [
      `\nLink ${i + 1} of ${chain.length}${i === 0 ? ', from the node' : ''}\n`,
      rowsText(
        claimRows({ type: 'delegation+jwt', claims: link.claims }).map(([label, value]) => [label, plain(value)]),
      ),
      `  signature  ${finding(link.signature)}\n`,
    ]),
    ...(rules ? [`\nRules  ${finding(rules)}\n`] : []),
  ];
  return parts.join('');
}
