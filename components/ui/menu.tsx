'use client';
import { DropdownMenu } from 'radix-ui';
import type { ReactNode } from 'react';
import { cn } from './cn';

const surface = 'float-in z-50 min-w-48 rounded border border-line bg-raised p-1 shadow-float';
const item =
  'flex h-8 cursor-pointer items-center gap-2.5 rounded px-2 outline-none data-[highlighted]:bg-hover [&_svg]:size-4 [&_svg]:text-faint';

/** Acts and links behind one button. */
export function Menu({ trigger, children }: { trigger: ReactNode; children: ReactNode }) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" className={surface} collisionPadding={8} sideOffset={6}>
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** One act, or one link (with `asChild`). */
export function MenuItem({
  children,
  onSelect,
  asChild,
  className,
}: {
  children: ReactNode;
  onSelect?: () => void;
  asChild?: boolean;
  className?: string;
}) {
  return (
    <DropdownMenu.Item asChild={asChild} className={cn(item, className)} onSelect={onSelect}>
      {children}
    </DropdownMenu.Item>
  );
}

/** One of a few settings, the present one marked. */
export function MenuChoice(props: {
  label: string;
  value: string;
  onChange: (v: string) => void;
  options: { value: string; label: string; icon: ReactNode }[];
}) {
  return (
    <DropdownMenu.RadioGroup onValueChange={props.onChange} value={props.value}>
      <DropdownMenu.Label className="px-2 pt-1.5 pb-1 text-faint text-table">{props.label}</DropdownMenu.Label>
      {props.options.map((o) => (
        <DropdownMenu.RadioItem className={item} key={o.value} onSelect={(e) => e.preventDefault()} value={o.value}>
          {o.icon}
          <span className="flex-1">{o.label}</span>
          <DropdownMenu.ItemIndicator className="text-accent">●</DropdownMenu.ItemIndicator>
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  );
}

export function MenuLine() {
  return <DropdownMenu.Separator className="-mx-1 my-1 h-px bg-line" />;
}

export function MenuText({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="px-2 py-1.5">{children}</DropdownMenu.Label>;
}
