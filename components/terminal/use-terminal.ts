'use client';
import { useMutation } from '@tanstack/react-query';
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import { wordsFor } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { LOST, overWords } from './over-words';
import type { Screen } from './screen';
import { TerminalLink } from './terminal-link';

export type TerminalState = { is: 'connecting' } | { is: 'open' } | { is: 'over'; words: string };

/** One terminal on the screen in `host`: opened at once, and anew when asked. Closed with the component. */
export function useTerminal(slice: string, node: string, host: RefObject<HTMLDivElement | null>, leave: () => void) {
  const trpc = useTRPC();
  const [state, setState] = useState<TerminalState>({ is: 'connecting' });
  const [attempt, setAttempt] = useState(0);
  const screen = useRef<Screen | null>(null);
  const { mutateAsync } = useMutation(trpc.slices.terminal.mutationOptions());
  const leaving = useRef(leave);
  leaving.current = leave;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt begins anew
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    let gone = false;
    let link: TerminalLink | null = null;
    let shown: Screen | null = null;
    setState({ is: 'connecting' });
    const over = (words: string) => !gone && setState({ is: 'over', words });
    const begin = async () => {
      const [{ makeScreen }, { token }] = await Promise.all([import('./screen'), mutateAsync({ name: slice, node })]);
      if (gone) return;
      screen.current?.dispose();
      shown = makeScreen(element, () => leaving.current());
      screen.current = shown;
      const { terminal } = shown;
      link = new TerminalLink(
        token,
        { cols: terminal.cols, rows: terminal.rows },
        {
          onOpen: () => {
            setState({ is: 'open' });
            terminal.focus();
          },
          onData: (bytes, wasShown) => terminal.write(bytes, wasShown),
          onOver: (how) => {
            terminal.options.disableStdin = true;
            terminal.options.cursorBlink = false;
            over(how ? overWords(how) : LOST);
          },
        },
      );
      terminal.onData((text) => link?.type(text));
      terminal.onResize((size) => link?.resize(size));
    };
    begin().catch((err: unknown) => over(wordsFor(err)));
    return () => {
      gone = true;
      link?.close();
      shown?.dispose();
      if (screen.current === shown) screen.current = null;
    };
  }, [slice, node, attempt, host, mutateAsync]);

  const again = useCallback(() => setAttempt((n) => n + 1), []);
  return { state, again, screen };
}
