import type { RevokePreview } from '@/protocol/api/revocations';
import { count, plural } from '../ui/format';

/** What goes with it, in numbers and names. */
export function RevokePreviewView({ preview }: { preview: RevokePreview }) {
  const { nodes } = preview;
  // What is leased with a person's own key stands in no books but the nodes': the words below say what they said of it.
  const ownKey = preview.target.kind === 'key' && preview.leases === 0 && preview.tickets === 0;
  return (
    <div className="flex flex-col gap-3">
      <p className="wrap-anywhere">
        <code className="font-medium">{preview.name}</code>
      </p>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 border-line border-y py-3 text-table">
        {preview.delegations > 0 && (
          <Row name="Delegations" names={preview.agents.map(shortUrn)} number={preview.delegations} of="held by" />
        )}
        {!ownKey && (
          <>
            <Row name="Tickets that are out" number={preview.tickets} />
            <Row name="Leases" number={preview.leases} />
            <Row
              name="Slices"
              names={preview.slices.map((slice) => `${slice.name} (${plural(slice.slivers, 'sliver')})`)}
              number={preview.sliceCount}
            />
            <Row name="People" names={preview.people.map((one) => one.name)} number={preview.peopleCount} />
          </>
        )}
        <Row
          name="Nodes that hear of it"
          names={
            nodes.away.length > 0
              ? [`${plural(nodes.total - nodes.online, 'node')} away: ${nodes.away.join(', ')}`]
              : []
          }
          number={nodes.total}
        />
      </dl>
      {preview.warnings.map((warning) => (
        <p className="text-soft text-table" key={warning}>
          {warning}
        </p>
      ))}
    </div>
  );
}

function Row({ name, number, names = [], of }: { name: string; number: number; names?: string[]; of?: string }) {
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd className="wrap-anywhere">
        <span className="font-medium tabular-nums">{count(number)}</span>
        {names.length > 0 && (
          <span className="text-soft">
            {' '}
            {of ? `${of} ` : ''}
            {names.slice(0, 6).join(', ')}
            {names.length > 6 && ` and ${count(names.length - 6)} more`}
          </span>
        )}
      </dd>
    </>
  );
}

/** An agent as people call it. */
export function shortUrn(urn: string): string {
  const [of, name] = urn.replace('urn:publicid:IDN+', '').split('+authority+');
  return name ? `${name} of ${of}` : urn;
}
