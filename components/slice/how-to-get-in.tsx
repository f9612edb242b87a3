import type { SliceView, SliverRow } from '@/protocol/api/slice';
import { CopyLine } from '../ui/copy-button';
import { Empty } from '../ui/empty';
import { Fact, Facts, Section } from '../ui/page';
import { Term } from '../ui/tooltip';
import { SliverAccess } from './sliver-access';

/** The command that runs `hostname` inside a sliver. */
export function execCommand(slice: Pick<SliceView, 'name'>, row: Pick<SliverRow, 'node'>): string {
  return `npm run meridian -- exec ${slice.name} ${row.node.hostname} -- hostname`;
}

/** A running sliver to show the command with: a real one before a simulated one. */
function exampleOf(rows: readonly SliverRow[]): SliverRow | undefined {
  const running = rows.filter((r) => r.reported === 'running' && r.desired === 'running');
  return running.find((r) => !r.node.simulated) ?? running[0];
}

/** How to run things on the slivers, for those who may. */
export function HowToGetIn({ slice, rows }: { slice: SliceView; rows: readonly SliverRow[] }) {
  const example = exampleOf(rows);
  if (!slice.may.exec) return <p className="text-soft">Only members of the slice can run commands on its slivers.</p>;
  if (!example) {
    return (
      <Empty title="No sliver runs yet">Once one does, this shows the command that runs something inside it.</Empty>
    );
  }
  return (
    <div className="grid gap-x-10 gap-y-6 lg:grid-cols-2">
      <Section title={<>Log in on {example.node.hostname}</>}>
        <SliverAccess row={example} slice={slice} />
        {rows.length > 1 && (
          <p className="mt-3 max-w-prose text-soft text-table">
            Each sliver has a port and a host key of its own: press its row under Slivers.
          </p>
        )}
      </Section>
      <Section title="Run a command on a node">
        <CopyLine text={execCommand(slice, example)} what="the command" />
        <p className="mt-2 max-w-prose text-soft text-table">
          Run it where Meridian’s checkout is. What stands after <code>--</code> runs inside the sliver; its output and
          exit code come back. It needs a token for the command line: make one under Account.
          {example.node.simulated && ' This node is simulated: it answers, but nothing real runs there.'}
        </p>
      </Section>
      <Section title="Inside">
        <Facts>
          <Fact name="Image">
            <code>{slice.spec.resources.image}</code>
          </Fact>
          <Fact
            name={
              <Term means="The nodes put your registered public keys into each sliver of the slice, for the slice’s login.">
                Keys
              </Term>
            }
          >
            the public keys of its members, within a second of a change
          </Fact>
        </Facts>
      </Section>
    </div>
  );
}
