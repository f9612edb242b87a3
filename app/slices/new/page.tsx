import type { Metadata } from 'next';
import { requireViewer } from '@/app/rsc';
import { NewSliceForm } from '@/components/slice/new-slice-form';
import { Empty } from '@/components/ui/empty';
import { Page } from '@/components/ui/page';

export const metadata: Metadata = { title: 'Ask for a slice' };

export default async function NewSlicePage() {
  const me = await requireViewer('/slices/new');
  const sites = new Map(me.memberships.filter((m) => m.role !== 'tech').map((m) => [m.site.loginBase, m.site]));
  if (sites.size === 0) {
    return (
      <Page title="Ask for a slice">
        <Empty title="You are not a researcher or PI of any site">
          Slices belong to a site, whose PI answers for them.{' '}
          {me.person.operator
            ? 'On the page of a site you can invite anybody to it, yourself too.'
            : 'Ask the PI of your institution’s site to invite you.'}
        </Empty>
      </Page>
    );
  }
  return <NewSliceForm sites={[...sites.values()].map(({ loginBase, name }) => ({ loginBase, name }))} />;
}
