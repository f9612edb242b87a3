import {
  Building2,
  Globe,
  Inbox,
  KeyRound,
  Layers,
  LayoutDashboard,
  type LucideIcon,
  ScrollText,
  Waypoints,
} from 'lucide-react';
import type { Me } from '@/protocol/api/people';

export type Place = { href: string; word: string; icon: LucideIcon };

/** May decide requests somewhere: a PI, or an operator. */
export const decides = (me: Me) => me.person.operator || me.memberships.some((m) => m.role === 'pi');
/** May ask for slices somewhere: a researcher or PI of a site. */
export const asks = (me: Me) => me.memberships.some((m) => m.role !== 'tech');

/** How many of them stand in the bottom bar of a phone; the others are in the menu of one's account. */
export const BAR_PLACES = 5;

/** The rail's entries for a person, in the order of use. At most five stand in the bottom bar of a phone. */
export function placesFor(me: Me): Place[] {
  const places: (Place | false)[] = [
    { href: '/', word: 'Home', icon: LayoutDashboard },
    { href: '/slices', word: 'Slices', icon: Layers },
    decides(me) && { href: '/approvals', word: 'Approvals', icon: Inbox },
    { href: '/fleet', word: 'Fleet', icon: Globe },
    { href: '/sites', word: 'Sites', icon: Building2 },
    { href: '/keys', word: 'Keys', icon: KeyRound },
    { href: '/trust', word: 'Trust', icon: Waypoints },
    { href: '/audit', word: 'Audit', icon: ScrollText },
  ];
  return places.filter((p) => p !== false);
}

/** Is this entry where one is? Node pages belong to the fleet. */
export function isAt(place: Place, pathname: string): boolean {
  if (place.href === '/') return pathname === '/';
  if (place.href === '/fleet' && pathname.startsWith('/nodes')) return true;
  return pathname === place.href || pathname.startsWith(`${place.href}/`);
}
