import type { NodeView } from '@/protocol/api/fleet';
import { ImageProblem } from '@/protocol/node-manager/images';
import { Enforcement } from '@/protocol/node-manager/limits';
import { PolicyView } from '@/protocol/node-manager/policy';
import { duration } from '../../ui/format';
import { Fact, Facts, Section } from '../../ui/page';
import { Time } from '../../ui/time';
import { Term } from '../../ui/tooltip';

const BOOT = {
  registered: 'Registered: known, never booted here',
  install: 'Install: installs at its next boot',
  boot: 'Boot: boots from its disk',
  debug: 'Debug: locked down, takes no slivers',
  disabled: 'Disabled',
} as const;
const SWITCH = { open: 'Open', draining: 'Draining: keeps its slivers, takes no new ones', closed: 'Closed' } as const;
const REACH = { online: 'Online', late: 'Late', unreachable: 'Unreachable', never: 'Has not reported yet' } as const;

/** What the node is, and by what authority it takes part. */
export function NodeFacts({ node }: { node: NodeView }) {
  const uptime = number(node.facts.uptimeSeconds);
  const missing = strings(node.facts.missing);
  const images = strings(node.facts.images);
  const imageProblems = ImageProblem.array().catch([]).parse(node.facts.imageProblems);
  const enforcement = Enforcement.nullable().catch(null).parse(node.facts.enforcement);
  const policy = PolicyView.safeParse(node.facts.policy);
  return (
    <Facts>
      <Fact
        name={
          <Term means="What the machine is to do at its next boot; apart from whether it can be reached.">
            Boot state
          </Term>
        }
      >
        {BOOT[node.bootState]}
      </Fact>
      <Fact name="Reachability">
        {REACH[node.reachability]}
        {node.since && (
          <span className="text-soft">
            {' '}
            since <Time at={node.since} />
          </span>
        )}
      </Fact>
      <Fact name="Site’s switch">{SWITCH[node.adminSwitch]}</Fact>
      {policy.success && (
        <Fact
          name={
            <Term means="What the owner of the machine lays down, in a file on the machine itself. It is changed there, with: meridian node policy set.">
              Owner’s policy
            </Term>
          }
        >
          {policy.data.words.map((words) => (
            <span className="block" key={words}>
              {words}
            </span>
          ))}
          {policy.data.problem && <span className="block text-danger">{policy.data.problem}</span>}
        </Fact>
      )}
      <Fact
        name={
          <Term means="What this node lets an agent give out in tickets, signed by the node itself.">Delegation</Term>
        }
      >
        {node.delegation ? (
          <>
            until <Time at={node.delegation.until} />, to{' '}
            <span className="break-all font-mono">{node.delegation.agent}</span>
          </>
        ) : (
          'none'
        )}
      </Fact>
      <Fact name="Certificate">
        {node.certificateUntil ? (
          <>
            until <Time at={node.certificateUntil} />
          </>
        ) : (
          'none'
        )}
      </Fact>
      <Fact name="Enrolled">{node.enrolledAt ? <Time at={node.enrolledAt} /> : 'no'}</Fact>
      <Fact name="Address">
        {node.address ? <span className="font-mono">{node.address}</span> : 'none: nothing is dialled'}
        {node.behindNat && (
          <span className="block text-soft">
            <Term means="No port of the node is open to the outside: it dials its agent and takes its calls over that connection, with the same identities and checks. The agent passes them on and cannot read them.">
              Behind NAT
            </Term>
            : reached through its agent
          </span>
        )}
      </Fact>
      <Fact name="Driver">
        {node.driver ?? '–'}
        {missing.length > 0 && <span className="block text-soft">Real slivers need: {missing.join('; ')}</span>}
      </Fact>
      {images.length > 0 && (
        <Fact name="Images">
          {images.join(', ')}
          {imageProblems.map((each) => (
            <span className="block text-soft" key={each.image}>
              {each.image} is not on offer: {each.problem}
            </span>
          ))}
        </Fact>
      )}
      {enforcement?.disk && (
        <Fact name={<Term means="How the kernel keeps a sliver to its disk on this node.">Disk limit</Term>}>
          {enforcement.disk.kind}
          <span className="block text-soft">Costs {enforcement.disk.cost}</span>
        </Fact>
      )}
      {enforcement && enforcement.unenforced.length > 0 && (
        <Fact name="Not enforced">
          {enforcement.unenforced.map((each) => (
            <span className="block" key={each.resource}>
              <span className="font-mono">{each.resource}</span>: {each.why}
            </span>
          ))}
        </Fact>
      )}
      <Fact name="Load">{node.load1Milli === null ? '–' : (node.load1Milli / 1000).toFixed(2)}</Fact>
      {uptime !== null && <Fact name="Node manager up">{duration(uptime)}</Fact>}
      {typeof node.facts.version === 'string' && <Fact name="Version">{node.facts.version}</Fact>}
      <Fact name="URN">
        <span className="break-all font-mono">{node.urn}</span>
      </Fact>
      {node.incarnation && (
        <Fact
          name={
            <Term means="Counts the lives of its journal: statements of an earlier one no longer hold.">
              Incarnation
            </Term>
          }
        >
          <span className="break-all font-mono">{node.incarnation}</span>
          <Life value={node.facts.life} />
        </Fact>
      )}
    </Facts>
  );
}

const BEGAN: Record<string, string> = {
  enrolled: 'when it was enrolled',
  lost: 'because the journal before it was lost',
  damaged: 'because the journal before it was damaged',
  'rolled-back': 'because the journal was put back from an older copy',
  'by-hand': 'by its owner’s hand',
};

/** Since when the incarnation lives, and why it began. */
function Life({ value }: { value: unknown }) {
  if (typeof value !== 'object' || value === null || !('since' in value) || !('why' in value)) return null;
  const { since, why } = value;
  if (typeof since !== 'string' || typeof why !== 'string') return null;
  return (
    <span className="block text-soft">
      since <Time at={new Date(since)} />, {BEGAN[why] ?? why}
    </span>
  );
}

/** What an import said of it: historical, and never dialled. */
export function Advertised({ node }: { node: NodeView }) {
  const attributes = Object.entries(node.attributes);
  if (attributes.length === 0 && node.interfaces.length === 0) return null;
  return (
    <Section aside={node.network ? `network ${node.network}` : undefined} title="As advertised">
      <Facts className="max-h-80 overflow-y-auto">
        {node.interfaces.map((each) => (
          <Fact key={`if ${each.name}`} name={<span className="font-mono">{each.name}</span>}>
            <span className="font-mono">{[each.ipv4, each.ipv6].filter(Boolean).join(', ') || '–'}</span>
          </Fact>
        ))}
        {attributes.map(([name, value]) => (
          <Fact key={name} name={name}>
            {String(value)}
          </Fact>
        ))}
      </Facts>
    </Section>
  );
}

const number = (value: unknown) => (typeof value === 'number' ? value : null);
const strings = (value: unknown) =>
  Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
