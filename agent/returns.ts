import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { ReturnInput, ReturnOutput } from '@/protocol/agent/schemas';
import { jwkFromRaw } from '@/protocol/statement/keys';
import { verifyReceipt } from '@/protocol/statement/lease';
import { decodeUnverified } from '@/protocol/statement/verify';
import type { Issuer } from './issue';
import { inTransaction } from './store/database';
import { burnTickets, readHolders, type StoredReceipt, storeReceipts, type TicketHolder } from './store/tickets';

/** Receipts after which a node takes the ticket no more. A `refused` one may still be redeemed later. */
const FINAL: ReadonlySet<string> = new Set(['released', 'lapsed', 'burnt']);

/**
 * Takes tickets back, each with its node's signed word that nothing holds them any more; what they claimed is free at once.
 * All or nothing: one bad receipt refuses the call. Idempotent; gives how many were given back now.
 */
export async function returnTickets(
  issuer: Issuer,
  input: z.infer<typeof ReturnInput>,
): Promise<z.infer<typeof ReturnOutput>> {
  const jtis = input.tickets.map((one) => one.jti);
  const holders = await readHolders(issuer.pool, issuer.key.jkt, jtis);
  const receipts = input.tickets.map((one) => {
    const holder = holders.get(one.jti);
    if (holder?.iss !== one.iss) throw new Refused('NOT_FOUND', { kind: 'ticket', id: one.jti });
    return receiptOf(holder, { iss: one.iss, jti: one.jti }, one.receipt);
  });
  const final = receipts.filter((one) => FINAL.has(one.kind)).map((one) => one.ticketJti);
  const returned = await inTransaction(issuer.pool, async (tx) => {
    await storeReceipts(tx, receipts);
    return burnTickets(tx, issuer.key.jkt, final);
  });
  return { returned };
}

function receiptOf(holder: TicketHolder, ticket: { iss: string; jti: string }, text: string): StoredReceipt {
  const signer = decodeUnverified('receipt+jwt', text).kid;
  const key = holder.keys.find((one) => one.jkt === signer);
  if (!key) throw new Refused('UNKNOWN_ISSUER', { iss: signer });
  const context = { nodeUrn: holder.node, nodeJwk: jwkFromRaw(key.x), incarnation: null, ticket };
  const { iss, jti, kind } = verifyReceipt(text, context);
  return { nodeId: holder.nodeId, iss, jti, kind, ticketIss: ticket.iss, ticketJti: ticket.jti, text };
}
