'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { NodeView } from '@/protocol/api/fleet';
import { Refusal } from '../../refusal/refusal';
import { useTRPC } from '../../trpc/client';
import { Button } from '../../ui/button';
import { CopyLine } from '../../ui/copy-button';
import { Dialog } from '../../ui/dialog';
import { plural } from '../../ui/format';
import { Select } from '../../ui/select';
import { Time } from '../../ui/time';

const SWITCHES = [
  { value: 'open', label: 'Open: takes slivers' },
  { value: 'draining', label: 'Draining: takes no new ones' },
  { value: 'closed', label: 'Closed' },
];
const isSwitch = (value: string): value is NodeView['adminSwitch'] => SWITCHES.some((each) => each.value === value);

/** What a tech of the site or an operator may do here; nothing for others. */
export function NodeActs({ node }: { node: NodeView }) {
  if (!node.may.adminSwitch && !node.may.enrol) return null;
  return (
    <>
      {node.may.adminSwitch && <SwitchNode node={node} />}
      {node.may.enrol && <EnrolNode node={node} />}
    </>
  );
}

function SwitchNode({ node }: { node: NodeView }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const change = useMutation(
    trpc.fleet.setAdminSwitch.mutationOptions({
      onSuccess: (view) => cache.setQueryData(trpc.fleet.node.queryKey({ id: node.id }), view),
    }),
  );
  const wanted = change.isPending ? change.variables.adminSwitch : node.adminSwitch;
  return (
    <div className="flex flex-col gap-1">
      <Select
        aria-label={`Whether ${node.hostname} takes slivers`}
        disabled={change.isPending}
        onChange={(event) =>
          isSwitch(event.target.value) && change.mutate({ id: node.id, adminSwitch: event.target.value })
        }
        options={SWITCHES}
        value={wanted}
      />
      {node.adminSwitch !== 'open' && node.slivers > 0 && (
        <p className="text-soft text-table">{plural(node.slivers, 'sliver')} stay until their leases end.</p>
      )}
      <Refusal error={change.error} />
    </div>
  );
}

function EnrolNode({ node }: { node: NodeView }) {
  const trpc = useTRPC();
  const [open, setOpen] = useState(false);
  const make = useMutation(trpc.fleet.enrolmentToken.mutationOptions());
  const again = node.enrolledAt !== null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>{again ? 'Enrol again' : 'Enrol'}</Button>
      <Dialog
        description={
          again
            ? 'A machine that lost its key takes this node’s place: the old key stops working once the new one has enrolled.'
            : 'On the machine that is to be this node, start a node manager with a token. It works once, for a day.'
        }
        onOpenChange={(next) => {
          setOpen(next);
          if (!next) make.reset(); // the secret is shown once
        }}
        open={open}
        title={`Enrol ${node.hostname}`}
      >
        {make.data ? (
          <div className="flex flex-col gap-3">
            <p>
              Shown only now; it lapses <Time at={make.data.expiresAt} />. On the machine, as root:
            </p>
            <CopyLine text={`MERIDIAN_NODE_TOKEN=${make.data.token} npm run meridian -- node`} what="the command" />
            <p className="text-soft text-table">
              Is it behind NAT, with no port open to the outside? Put{' '}
              <code className="font-mono">MERIDIAN_NODE_ADDRESS=relay</code> in front: it then takes its calls over a
              connection that it opens itself.
            </p>
          </div>
        ) : (
          <div className="flex flex-col gap-3">
            <Refusal error={make.error} />
            <div className="flex justify-end">
              <Button busy={make.isPending} kind="primary" onClick={() => make.mutate({ urn: node.urn })}>
                Make a token
              </Button>
            </div>
          </div>
        )}
      </Dialog>
    </>
  );
}
