'use client';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import type { Me } from '@/protocol/api/people';
import { Mark } from '../brand/mark';
import { cn } from '../ui/cn';
import { count } from '../ui/format';
import { BAR_PLACES, isAt, placesFor } from './places';

/** Icons and words at the left; icons alone under 1100 px; five entries at the bottom under 640 px. */
export function Rail({ me }: { me: Me }) {
  const pathname = usePathname();
  const places = placesFor(me);
  return (
    <nav
      aria-label="Main"
      className="z-30 shrink-0 border-line bg-paper max-sm:fixed max-sm:inset-x-0 max-sm:bottom-0 max-sm:border-t max-sm:pb-[env(safe-area-inset-bottom)] sm:sticky sm:top-0 sm:h-dvh sm:w-14 sm:border-r lg:w-48"
    >
      <Link
        aria-label="Meridian, home"
        className="flex h-12 items-center gap-2.5 px-4 font-semibold text-ink max-sm:hidden"
        href="/"
      >
        <Mark className="text-accent" />
        <span className="max-lg:sr-only">Meridian</span>
      </Link>
      <ul className="flex max-sm:justify-around sm:flex-col sm:gap-0.5 sm:px-2 sm:pt-2">
        {places.map((place, i) => {
          const here = isAt(place, pathname);
          const waiting = place.href === '/approvals' ? me.needsMe.approvals : 0;
          const Icon = place.icon;
          return (
            <li className={cn('min-w-0 max-sm:flex-1', i >= BAR_PLACES && 'max-sm:hidden')} key={place.href}>
              <Link
                aria-current={here ? 'page' : undefined}
                className={cn(
                  'relative flex items-center gap-3 rounded text-soft hover:bg-hover hover:text-ink max-sm:h-14 max-sm:flex-col max-sm:justify-center max-sm:gap-1 sm:h-9 sm:px-2.5 max-lg:sm:justify-center',
                  here && 'bg-hover font-medium text-ink',
                )}
                href={place.href}
                title={place.word}
              >
                <Icon aria-hidden="true" className="size-[18px] shrink-0" strokeWidth={here ? 2 : 1.75} />
                <span className="truncate max-sm:text-table sm:flex-1 max-lg:sm:sr-only">{place.word}</span>
                {waiting > 0 && (
                  <span className="rounded-full bg-accent px-1.5 text-accent-ink text-table tabular-nums max-lg:absolute max-lg:top-0 max-lg:right-0 max-sm:top-1 max-sm:right-[calc(50%-1.9rem)]">
                    {count(waiting)}
                    <span className="sr-only"> waiting</span>
                  </span>
                )}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
