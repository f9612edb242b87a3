'use client';
import Link from 'next/link';
import { usePathname } from 'next/navigation';

const WORDS: Record<string, string> = {
  slices: 'Slices',
  new: 'New slice',
  approvals: 'Approvals',
  fleet: 'Fleet',
  nodes: 'Fleet',
  sites: 'Sites',
  keys: 'Keys',
  trust: 'Trust',
  agents: 'Agents',
  partners: 'Partners',
  revocations: 'Revocations',
  account: 'Account',
  'sign-in': 'Sign in',
  invite: 'Invitation',
};
/** A place without a page of its own leads to where its things are listed. */
const LEADS: Record<string, string> = { nodes: '/fleet' };
const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a stray % in the address
  }
}

/** Where one is, as a path of links. Ids are not words: a node's page names the node itself. */
export function Path() {
  const all = usePathname().split('/').filter(Boolean);
  // What follows is a secret, and no place.
  const parts = all[0] === 'invite' ? ['invite'] : all;
  if (parts.length === 0) return <span className="truncate font-medium">Home</span>;
  return (
    <ol aria-label="Path" className="flex min-w-0 items-center gap-2">
      {parts.map((part, i) => {
        const href = LEADS[part] ?? `/${parts.slice(0, i + 1).join('/')}`;
        const word = WORDS[part] ?? (UUID.test(part) ? 'Node' : decoded(part));
        const last = i === parts.length - 1;
        return (
          <li
            className={last ? 'flex min-w-0 items-center gap-2' : 'flex items-center gap-2 max-sm:hidden'}
            key={href + part}
          >
            {i > 0 && (
              <span aria-hidden="true" className="text-faint max-sm:hidden">
                /
              </span>
            )}
            {last ? (
              <span aria-current="page" className="truncate font-medium">
                {word}
              </span>
            ) : (
              <Link className="text-soft hover:text-ink" href={href}>
                {word}
              </Link>
            )}
          </li>
        );
      })}
    </ol>
  );
}
