'use client';
import { ClipboardPaste, Copy, RotateCw, X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { useRef } from 'react';
import { toast } from 'sonner';
import { Button } from '../ui/button';
import { StateMark } from '../ui/state-mark';
import { useTerminal } from './use-terminal';

type At = { slice: string; node: string; hostname: string };

/**
 * A terminal in a sliver, above the page. While it is open Escape belongs to what runs in it; Shift and Escape lead out of it. Closing it
 * ends what runs in it.
 */
export function TerminalDialog({ at, onClose }: { at: At | null; onClose: () => void }) {
  const opener = useRef<Element | null>(null);
  return (
    <Radix.Root onOpenChange={(open) => !open && onClose()} open={at !== null}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-veil" />
        <Radix.Content
          className="float-in fixed inset-0 z-50 flex flex-col border-line bg-raised shadow-float sm:inset-x-[max(1rem,calc(50vw-36rem))] sm:inset-y-[5vh] sm:rounded sm:border"
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (opener.current instanceof HTMLElement) opener.current.focus();
          }}
          onEscapeKeyDown={(event) => {
            // xterm's own field has the focus: the key is the program's.
            if (document.activeElement?.classList.contains('xterm-helper-textarea')) event.preventDefault();
          }}
          onInteractOutside={(event) => event.preventDefault()}
          onOpenAutoFocus={(event) => {
            opener.current = document.activeElement;
            event.preventDefault();
          }}
        >
          {at && <Inside at={at} key={`${at.slice} ${at.node}`} />}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Inside({ at }: { at: At }) {
  const host = useRef<HTMLDivElement>(null);
  const close = useRef<HTMLButtonElement>(null);
  const { state, again, screen } = useTerminal(at.slice, at.node, host, () => close.current?.focus());
  const open = state.is === 'open';
  const copy = async () => {
    const text = screen.current?.terminal.getSelection() ?? '';
    if (!text) return toast('Mark some text in the terminal first.');
    await navigator.clipboard.writeText(text);
    toast('Copied');
    screen.current?.terminal.focus();
  };
  const paste = async () => {
    const text = await navigator.clipboard.readText().catch(() => null);
    if (text === null) return toast('Your browser does not let this page read the clipboard. Press Ctrl+Shift+V.');
    screen.current?.terminal.paste(text);
    screen.current?.terminal.focus();
  };
  return (
    <>
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b py-2 pr-2 pl-4">
        <Radix.Title className="min-w-0 flex-1 truncate font-semibold">
          Terminal <span className="font-mono font-normal">{at.hostname}</span>
        </Radix.Title>
        <span aria-live="polite" className="text-soft text-table">
          {state.is === 'connecting' && <StateMark tone="progress">Connecting</StateMark>}
          {open && <StateMark tone="running">Connected</StateMark>}
          {state.is === 'over' && <StateMark tone="stopped">Closed</StateMark>}
        </span>
        <span className="flex">
          <Button
            aria-label="Copy what is marked"
            kind="quiet"
            onClick={() => void copy()}
            size="icon-sm"
            title="Copy (Ctrl+Shift+C)"
          >
            <Copy aria-hidden="true" />
          </Button>
          <Button
            aria-label="Paste"
            disabled={!open}
            kind="quiet"
            onClick={() => void paste()}
            size="icon-sm"
            title="Paste (Ctrl+Shift+V)"
          >
            <ClipboardPaste aria-hidden="true" />
          </Button>
          <Radix.Close asChild>
            <Button
              aria-label="Close the terminal"
              kind="quiet"
              ref={close}
              size="icon-sm"
              title="Close: ends what runs in it"
            >
              <X aria-hidden="true" />
            </Button>
          </Radix.Close>
        </span>
      </header>
      {state.is === 'over' && (
        <div
          className="flex flex-wrap items-center gap-x-4 gap-y-2 border-line border-b bg-sunken px-4 py-2"
          role="alert"
        >
          <p className="min-w-0 flex-1 basis-60">{state.words}</p>
          <Button onClick={again} size="sm">
            <RotateCw aria-hidden="true" /> Open again
          </Button>
        </div>
      )}
      <div className="min-h-0 flex-1 bg-paper p-2">
        <div className="size-full overflow-hidden bg-paper font-mono text-ink" ref={host} />
      </div>
      <Radix.Description className="border-line border-t px-4 py-1.5 text-soft text-table">
        Closing it ends what runs in it.{' '}
        <span className="max-sm:hidden">
          <kbd>Shift</kbd>+<kbd>Esc</kbd> leads out of it by keyboard.{' '}
        </span>
        The audit log keeps who, when and how long; never what is typed.
      </Radix.Description>
    </>
  );
}
