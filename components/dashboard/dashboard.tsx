'use client';
import { Plus } from 'lucide-react';
import Link from 'next/link';
import type { Me } from '@/protocol/api/people';
import { asks, decides } from '../shell/places';
import { rolesOf } from '../shell/user-menu';
import { Button } from '../ui/button';
import { Empty } from '../ui/empty';
import { Page } from '../ui/page';
import { FleetHealth } from './fleet-health';
import { MySlices } from './my-slices';
import { SiteQuotas } from './site-quotas';
import { Troubled } from './troubled';
import { WaitingRequests } from './waiting-requests';

/** What each role comes for, that first: requests to decide, one's slices, the fleet. */
export function Dashboard({ me }: { me: Me }) {
  const researcher = asks(me);
  const pi = me.memberships.some((m) => m.role === 'pi');
  const { operator } = me.person;
  return (
    <Page
      acts={
        researcher && (
          <Button asChild kind="primary">
            <Link href="/slices/new">
              <Plus aria-hidden="true" />
              Ask for a slice
            </Link>
          </Button>
        )
      }
      facts={rolesOf(me)}
      title={me.person.name}
    >
      {!researcher && !operator && me.memberships.length === 0 && (
        <Empty title="You belong to no site yet">
          Ask the PI of your institution’s site to invite you; then you can ask for slices.
        </Empty>
      )}
      {operator && <FleetHealth />}
      {decides(me) && <WaitingRequests />}
      {operator && <Troubled />}
      {researcher && <MySlices />}
      {pi && <SiteQuotas me={me} />}
    </Page>
  );
}
