'use client';
import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import { type ReactNode, useRef, useState } from 'react';
import { Button } from './button';

type DialogProps = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  description?: ReactNode;
  children: ReactNode;
};

/** Asks one thing above the page. Escape and the veil close it; focus returns to what opened it. */
export function Dialog({ open, onOpenChange, title, description, children }: DialogProps) {
  // Radix gives the focus back to a trigger of its own only; here anything may open a dialog.
  const opener = useRef<Element | null>(null);
  return (
    <Radix.Root onOpenChange={onOpenChange} open={open}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-veil" />
        <Radix.Content
          {...(description ? {} : { 'aria-describedby': undefined })}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (opener.current instanceof HTMLElement) opener.current.focus();
          }}
          onOpenAutoFocus={() => {
            opener.current = document.activeElement;
          }}
          className="float-in fixed top-[12vh] left-1/2 z-50 max-h-[80vh] w-[min(32rem,calc(100vw-2rem))] -translate-x-1/2 overflow-y-auto rounded border border-line bg-raised p-5 shadow-float"
        >
          <Radix.Title className="wrap-anywhere pr-8 font-semibold text-title">{title}</Radix.Title>
          {description && <Radix.Description className="mt-2 text-soft">{description}</Radix.Description>}
          <div className="mt-4">{children}</div>
          <Radix.Close asChild>
            <Button aria-label="Close" className="absolute top-3.5 right-3.5" kind="quiet" size="icon-sm">
              <X aria-hidden="true" />
            </Button>
          </Radix.Close>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

type ConfirmProps = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** Names what goes: "Delete `ucb_ocean`: 64 slivers on 64 nodes stop now". */
  title: ReactNode;
  description?: ReactNode;
  /** The verb, as on the button that opened it. */
  act: string;
  /** The way back, in a word. */
  keep?: string;
  busy?: boolean;
  problem?: ReactNode;
  /** Must be typed first; only for what cannot be undone. */
  typed?: string;
  onConfirm: () => void;
};

/** A destructive act: says what goes, and asks for the name where it cannot be undone. */
export function Confirm({
  open,
  onOpenChange,
  title,
  description,
  act,
  keep = 'Keep it',
  busy,
  problem,
  typed,
  onConfirm,
}: ConfirmProps) {
  const [text, setText] = useState('');
  const ready = typed === undefined || text === typed;
  return (
    <Dialog
      description={description}
      onOpenChange={(next) => {
        setText('');
        onOpenChange(next);
      }}
      open={open}
      title={title}
    >
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) onConfirm();
        }}
      >
        {typed !== undefined && (
          <label className="flex flex-col gap-1.5">
            <span>
              Type <code className="font-medium">{typed}</code> to confirm
            </span>
            <input
              autoComplete="off"
              className="h-9 rounded border border-line-strong bg-raised px-2.5 font-mono"
              onChange={(event) => setText(event.target.value)}
              spellCheck={false}
              value={text}
            />
          </label>
        )}
        {problem}
        <div className="flex justify-end gap-2">
          <Button kind="quiet" onClick={() => onOpenChange(false)}>
            {keep}
          </Button>
          <Button busy={busy} disabled={!ready} kind="danger" type="submit">
            {act}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
