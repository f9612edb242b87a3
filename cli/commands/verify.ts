import type { Command } from 'commander';
import { Refused } from '@/core/errors';
import { formatAmount, formatCount, resourceName } from '@/core/format/number';
import { MAX_PROOF_BYTES } from '@/protocol/proof/schemas';
import { type LineFinding, type ProofFinding, verifyProof } from '@/protocol/proof/verify-proof';
import { json, plain } from '../print';
import { readText } from '../read-text';
import { action, type Io } from '../run';
import { amounts, at, degree } from '../statement-words';

/** Exit code for a proof that names somebody. */
const NAMED = 1;

/** `meridian verify`: a refusal's proof, checked with nothing but the file. */
export function verifyCommand(program: Command, io: Io): void {
  program
    .command('verify <file>')
    .description('check the proof of a node’s refusal, and name who promised more than they had; - for standard input')
    .option('--node-key <thumbprint>', 'the thumbprint of the node’s key that you trust')
    .action(
      action(io, async (given, file: string, options: { nodeKey?: string }) => {
        const found = verifyProof(documentOf(await readText(file, MAX_PROOF_BYTES)), options.nodeKey);
        io.out(given.json ? `${json(found)}\n` : text(found, options.nodeKey !== undefined));
        return found.lines.some(({ over }) => over) ? NAMED : 0;
      }),
    );
}

function documentOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Refused('INVALID_INPUT', { field: 'document', problem: 'is not JSON' }, { cause });
  }
}

function text(found: ProofFinding, trusted: boolean): string {
  const { node, refusal, ticket, tickets, leftOut, lines } = found;
  const over = lines.filter((line) => line.over);
  const parts = [
    `Node      ${node.urn}\n`,
    `Key       ${node.jkt}${trusted ? ', the one that you trust' : '\n          That this is the node’s key, the file says, and nothing proves; give --node-key to be sure.'}\n`,
    `Refusal   ${refusal.reason.code} on ${at(refusal.since)}, for slice ${refusal.slice}\n`,
    `Ticket    ${ticket.jti} of key ${ticket.iss}\n`,
    `Shown     ${formatCount(tickets, 'ticket')}; every signature holds, from that key down.${leftOut > 0 ? ` ${formatCount(leftOut, 'more')} held room and did not fit in.` : ''}\n\n`,
    ...lines.map(lineText),
    '\n',
    over.length === 0
      ? `Nobody who signed here promised more than was given to them.\n${legitimate(found)}`
      : `Promised more than was given to them: ${over.map((line) => line.issuerUrn).join(', ')}.\n`,
  ];
  return plainLines(parts.join(''));
}

function lineText({ issuer, issuerUrn, statements, rights, degreeMilli, peak, over }: LineFinding): string {
  const said = `${issuerUrn} (key ${issuer})\n  was given   ${amounts(rights)}; ${degree(degreeMilli)}\n  signed      ${formatCount(statements, 'statement')} shown here, at most ${amounts(peak)} at once\n`;
  if (!over) return `${said}  so          within what it was given\n`;
  const { resource, issued, limit, at: when } = over.excess;
  const words = `${formatAmount(resource, issued)} of ${resourceName(resource)} at ${at(when)}, of ${formatAmount(resource, limit)} that it might: OVER-ISSUED`;
  return `${said}  so          ${words}\n              by ${over.proof.join(', ')}\n`;
}

/** A full node accuses nobody by itself: oversubscription is declared in the links, for all to see. */
function legitimate({ lines }: ProofFinding): string {
  const most = Math.max(...lines.map((line) => line.degreeMilli));
  return most > 1000
    ? `A link shown here may be oversubscribed up to ${most / 1000}×, so that tickets can be good and the node full.\n`
    : '';
}

function plainLines(text: string): string {
  return text.split('\n').map(plain).join('\n');
}
