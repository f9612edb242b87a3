'use client';
import { KeyRound, LogOut, Monitor, Moon, Sun, UserRound } from 'lucide-react';
import Link from 'next/link';
import { useState } from 'react';
import type { Me } from '@/protocol/api/people';
import { signOut } from '../people/auth-client';
import { Menu, MenuChoice, MenuItem, MenuLine, MenuText } from '../ui/menu';
import { BAR_PLACES, placesFor } from './places';
import { setTheme, type Theme, toTheme } from './theme';

const THEMES = [
  { value: 'system', label: 'As the system', icon: <Monitor aria-hidden="true" /> },
  { value: 'light', label: 'Light', icon: <Sun aria-hidden="true" /> },
  { value: 'dark', label: 'Dark', icon: <Moon aria-hidden="true" /> },
];

/** Who is signed in, how the page looks, and the way out. */
export function UserMenu({ me, theme: initial }: { me: Me; theme: Theme }) {
  const [theme, set] = useState(initial);
  // What the bottom bar of a phone has no room for.
  const elsewhere = placesFor(me)
    .slice(BAR_PLACES)
    .filter((place) => place.href !== '/keys');
  return (
    <Menu
      trigger={
        <button
          aria-label={`Account of ${me.person.name}`}
          className="flex size-8 shrink-0 items-center justify-center rounded-full border border-line-strong font-medium text-soft text-table hover:border-accent hover:text-ink"
          type="button"
        >
          {initialsOf(me.person.name) || <UserRound aria-hidden="true" className="size-4" />}
        </button>
      }
    >
      <MenuText>
        <span className="block font-medium">{me.person.name}</span>
        <span className="block text-soft text-table">{me.person.email}</span>
        <span className="block text-faint text-table">{rolesOf(me)}</span>
      </MenuText>
      <MenuLine />
      <MenuItem asChild>
        <Link href="/account">
          <UserRound aria-hidden="true" />
          Account
        </Link>
      </MenuItem>
      {elsewhere.map(({ href, word, icon: Icon }) => (
        <MenuItem asChild className="sm:hidden" key={href}>
          <Link href={href}>
            <Icon aria-hidden="true" />
            {word}
          </Link>
        </MenuItem>
      ))}
      <MenuItem asChild>
        <Link href="/keys">
          <KeyRound aria-hidden="true" />
          Keys
        </Link>
      </MenuItem>
      <MenuLine />
      <MenuChoice
        label="Look"
        onChange={(value) => {
          const next = toTheme(value);
          set(next);
          setTheme(next);
        }}
        options={THEMES}
        value={theme}
      />
      <MenuLine />
      <MenuItem onSelect={() => void signOut()}>
        <LogOut aria-hidden="true" />
        Sign out
      </MenuItem>
    </Menu>
  );
}

/** At most two first letters of words. Taken by code point: half of one cannot be drawn. */
export function initialsOf(name: string): string {
  const words = name.split(/[^\p{L}\p{N}\p{M}]+/u).filter(Boolean);
  return words
    .slice(0, 2)
    .map(([first = '']) => first)
    .join('')
    .toUpperCase();
}

/** "PI of Demo institute; researcher of University of Tokyo; operator". */
export function rolesOf(me: Me): string {
  const words = me.memberships.map((m) => `${m.role === 'pi' ? 'PI' : m.role} of ${m.site.name}`);
  if (me.person.operator) words.push('operator of this deployment');
  return words.join('; ').replace(/^./, (c) => c.toUpperCase()) || 'No role yet';
}
