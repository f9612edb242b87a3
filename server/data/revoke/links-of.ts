import { z } from 'zod';
import { Bounded } from '@/protocol/statement/bounded';

const Ticket = z.object({ chain: z.array(z.string()).optional(), delegation: z.string().optional() });
const Link = z.object({ iss: z.string(), jti: z.string(), parent: z.string().optional() });

const seen = new Bounded<string, z.infer<typeof Link>>(4_096);

/**
 * The delegations under which a stored ticket was issued, as `iss jti`; null when its text says none. Read, not verified: it is this
 * deployment's own record of what it signed.
 */
export function linksOf(ticket: string): string[] | null {
  const claims = Ticket.safeParse(payload(ticket)).data;
  const texts = claims?.chain ?? (claims?.delegation ? [claims.delegation] : null);
  if (!texts) return null;
  const links: string[] = [];
  for (let next: string | undefined; texts.length > 0; ) {
    next = texts.pop();
    const link = next && linkOf(next);
    if (!link) continue;
    links.push(`${link.iss} ${link.jti}`);
    if (link.parent?.includes('.')) texts.push(link.parent); // as it was before a ticket carried its whole chain
  }
  return links;
}

function linkOf(text: string): z.infer<typeof Link> | null {
  const known = seen.get(text);
  if (known) return known;
  const link = Link.safeParse(payload(text)).data ?? null;
  if (link) seen.set(text, link);
  return link;
}

function payload(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    return null;
  }
}
