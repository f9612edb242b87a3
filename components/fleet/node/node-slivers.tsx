import Link from 'next/link';
import type { NodeView } from '@/protocol/api/fleet';
import { SLIVER_STATE } from '../../slice/states';
import { plural } from '../../ui/format';
import { StateMark } from '../../ui/state-mark';
import { Time } from '../../ui/time';

/** Slivers of slices that the viewer may see; the rest counted. */
export function NodeSlivers({ node }: { node: NodeView }) {
  const { sliverRows: rows, otherSlivers: others } = node;
  if (rows.length === 0 && others === 0 && node.guests.length === 0)
    return <p className="text-soft">No slice has a sliver here.</p>;
  return (
    <>
      {rows.length > 0 && (
        <div className="max-h-[28rem] overflow-auto">
          <table className="w-full text-table">
            <thead>
              <tr className="h-9 border-line border-b text-left text-soft">
                <th className="pr-4 font-normal">Slice</th>
                <th className="pr-4 font-normal">State</th>
                <th className="pr-4 text-right font-normal max-sm:hidden">Since</th>
                <th className="text-right font-normal">Lease ends</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr className="h-9 border-line border-b hover:bg-hover" key={row.sliceName}>
                  <td className="pr-4 font-mono">
                    <Link className="link" href={`/slices/${row.sliceName}`}>
                      {row.sliceName}
                    </Link>
                  </td>
                  <td className="pr-4">
                    <StateMark simulated={node.simulated} tone={SLIVER_STATE[row.state].tone}>
                      {SLIVER_STATE[row.state].word}
                    </StateMark>
                  </td>
                  <td className="pr-4 text-right max-sm:hidden">
                    <Time at={row.since} />
                  </td>
                  <td className="text-right">{row.leaseEndsAt ? <Time at={row.leaseEndsAt} /> : '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {node.guests.map((guest) => (
        <p className="mt-2 text-soft text-table" key={guest.name}>
          {plural(guest.slivers, 'sliver')} of our partner {guest.name}.
        </p>
      ))}
      {others > 0 && (
        <p className="mt-2 text-soft text-table">
          {rows.length > 0 ? 'And ' : ''}
          {plural(others, 'sliver')} of slices that are not yours to see.
        </p>
      )}
    </>
  );
}
