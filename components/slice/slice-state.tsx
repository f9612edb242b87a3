import type { SliverReported, SliceState as State } from '@/protocol/api/common';
import { StateMark } from '../ui/state-mark';
import { SLICE_STATE, SLIVER_STATE } from './states';

/** A slice's state: shape, colour, word. */
export function SliceState({ state }: { state: State }) {
  const { tone, word, means } = SLICE_STATE[state];
  return (
    <span data-state={state} title={means}>
      <StateMark tone={tone}>{word}</StateMark>
    </span>
  );
}

/** A sliver's state as its node last said it; one that shall go is leaving until it is gone. */
export function SliverState({
  reported,
  leaving,
  simulated,
}: {
  reported: SliverReported;
  leaving: boolean;
  simulated: boolean;
}) {
  const { tone, word } =
    leaving && reported !== 'gone' && reported !== 'failed'
      ? { tone: 'progress' as const, word: 'Leaving' }
      : SLIVER_STATE[reported];
  return (
    <StateMark simulated={simulated} tone={tone}>
      {word}
    </StateMark>
  );
}
