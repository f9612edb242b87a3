'use client';
import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button } from './button';

/** Copies a text; says so for two seconds. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Button
      aria-label={copied ? 'Copied' : `Copy ${what}`}
      kind="quiet"
      onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
      size="icon-sm"
      title={`Copy ${what}`}
    >
      {copied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
    </Button>
  );
}

/** A line of text made to be copied: a command, a link, a token. */
export function CopyLine({ text, what }: { text: string; what: string }) {
  return (
    <div className="flex items-center gap-1 rounded border border-line bg-sunken py-1 pr-1 pl-2.5">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long line scrolls, and a keyboard must reach it */}
      <code className="min-w-0 flex-1 overflow-x-auto whitespace-pre text-table" tabIndex={0}>
        {text}
      </code>
      <CopyButton text={text} what={what} />
    </div>
  );
}
