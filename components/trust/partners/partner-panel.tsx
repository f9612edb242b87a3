'use client';
import { useState } from 'react';
import { sentence } from '@/core/refusal-sentence';
import type { PartnerView } from '@/protocol/api/partners';
import { Button } from '../../ui/button';
import { count, plural } from '../../ui/format';
import { Fact, Facts } from '../../ui/page';
import { StateMark, type Tone } from '../../ui/state-mark';
import { Time } from '../../ui/time';
import { EndDialog } from './end-dialog';
import { GrantDialog } from './grant-dialog';
import { partOf } from './part';

const STATE: Record<PartnerView['state'], { tone: Tone; word: string }> = {
  active: { tone: 'running', word: 'Active' },
  invited: { tone: 'progress', word: 'Invited' },
  joining: { tone: 'progress', word: 'Joining' },
  refused: { tone: 'failed', word: 'Not joined' },
  ended: { tone: 'stopped', word: 'Ended' },
};

/** One partner: its state since when, what it has of us, what we have of it, and what an operator may do. */
export function PartnerPanel({ partner, operator }: { partner: PartnerView; operator: boolean }) {
  const [asked, setAsked] = useState<'grant' | 'revoke' | 'end' | null>(null);
  const { tone, word } = standing(partner);
  const { given } = partner;
  const active = partner.state === 'active';
  const title = `partner-${partner.id}`;
  return (
    <article aria-labelledby={title} className="rounded border border-line p-4">
      <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2">
        <div className="min-w-0">
          <h3 className="wrap-anywhere font-semibold" id={title}>
            {partner.name}
          </h3>
          <p className="wrap-anywhere text-soft text-table">
            <span className="font-mono">{partner.authority}</span>
            {partner.agentAddress && <> · agent at {partner.agentAddress}</>}
          </p>
        </div>
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1 text-table">
          <StateMark tone={tone}>{word}</StateMark>
          <span className="text-soft">{since(partner)}</span>
        </div>
      </header>
      {partner.problem && partner.state !== 'ended' && (
        <p className="mt-3 rounded border border-danger bg-danger-soft px-3 py-2 text-table" role="status">
          {isCutOff(partner)
            ? 'It takes us as its partner no longer: our keys are refused there. End the partnership here too, or ask its operator for a new token.'
            : sentence(partner.problem)}
          {active && partner.gives && partner.readAt && (
            <>
              {' '}
              What is shown of its nodes is from <Time at={partner.readAt} />.
            </>
          )}
        </p>
      )}
      {(partner.takes || partner.gives) && (
        <Facts className="mt-3">
          {partner.takes && (
            <Fact name="It has of us">
              {given.nodes === 0 ? (
                'Nothing: it may use no node of ours.'
              ) : (
                <>
                  {plural(given.nodes, 'node')}, {partOf(given.shareMilli ?? 0)} of each
                  {given.until && (
                    <>
                      , until <Time at={given.until} />
                    </>
                  )}
                  {given.inForce < given.nodes && ` · ${count(given.nodes - given.inForce)} not signed yet`}
                </>
              )}
            </Fact>
          )}
          {partner.takes && <Fact name="Runs on ours">{plural(given.slivers, 'sliver')}</Fact>}
          {partner.gives && (
            <Fact name="We have of it">
              {partner.got.nodes === 0
                ? 'Nothing yet: its operator grants nodes.'
                : `${plural(partner.got.nodes, 'node')}, ${count(partner.got.online)} online`}
            </Fact>
          )}
          {partner.gives && <Fact name="We run there">{plural(partner.got.slivers, 'sliver')}</Fact>}
        </Facts>
      )}
      {operator && partner.state !== 'ended' && (
        <div className="mt-4 flex flex-wrap gap-2">
          {active && partner.takes && (
            <Button onClick={() => setAsked('grant')} size="sm">
              {given.nodes === 0 ? 'Give nodes' : 'Change what it has'}
            </Button>
          )}
          {active && partner.takes && given.nodes > 0 && (
            <Button kind="danger-quiet" onClick={() => setAsked('revoke')} size="sm">
              Take all back
            </Button>
          )}
          <Button kind="danger-quiet" onClick={() => setAsked('end')} size="sm">
            {active ? 'End the partnership' : 'Give up'}
          </Button>
        </div>
      )}
      {operator && asked === 'grant' && <GrantDialog onClose={() => setAsked(null)} partner={partner} />}
      {operator && (asked === 'revoke' || asked === 'end') && (
        <EndDialog act={asked} onClose={() => setAsked(null)} partner={partner} />
      )}
    </article>
  );
}

/** The other side ended it. */
const isCutOff = ({ state, gives, problem }: PartnerView) => state === 'active' && gives && problem?.code === 'REVOKED';

function standing(partner: PartnerView): { tone: Tone; word: string } {
  if (isCutOff(partner)) return { tone: 'failed', word: 'Cut off' };
  if (partner.state === 'active' && partner.problem) return { tone: 'degraded', word: 'Active, with a problem' };
  return STATE[partner.state];
}

function since({ state, joinedAt, endedAt, inviteUntil, createdAt }: PartnerView) {
  if (state === 'active' && joinedAt)
    return (
      <>
        since <Time at={joinedAt} />
      </>
    );
  if (state === 'ended' && endedAt) return <Time at={endedAt} />;
  if (state === 'invited' && inviteUntil)
    return (
      <>
        its token counts until <Time at={inviteUntil} />
      </>
    );
  return <Time at={createdAt} />;
}
