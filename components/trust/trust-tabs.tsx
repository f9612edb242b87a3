'use client';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { cn } from '../ui/cn';

const TABS = [
  { href: '/trust', word: 'Graph' },
  { href: '/trust/agents', word: 'Agents' },
  { href: '/trust/partners', word: 'Partners' },
  { href: '/trust/revocations', word: 'Revocations' },
] as const;

/** The four places of trust; each is a page with its own address. */
export function TrustTabs() {
  const pathname = usePathname();
  return (
    <nav aria-label="Trust" className="border-line border-b">
      <ul className="flex gap-5 overflow-x-auto">
        {TABS.map(({ href, word }) => {
          const here = href === '/trust' ? pathname === href : pathname.startsWith(href);
          return (
            <li className="shrink-0" key={href}>
              <Link
                aria-current={here ? 'page' : undefined}
                className={cn(
                  '-mb-px block border-transparent border-b-2 py-2 text-soft hover:text-ink focus-visible:outline-offset-[-2px]',
                  here && 'border-accent font-medium text-ink',
                )}
                href={href}
              >
                {word}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
