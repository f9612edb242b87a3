'use client';
import { Check } from 'lucide-react';
import { Checkbox as Radix } from 'radix-ui';
import { type ReactNode, useId } from 'react';

type CheckboxProps = {
  checked: boolean;
  onChange: (checked: boolean) => void;
  label: ReactNode;
  hint?: ReactNode;
  disabled?: boolean;
};

/** Yes or no, with its label to the right. */
export function Checkbox({ checked, onChange, label, hint, disabled }: CheckboxProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-2.5">
      <Radix.Root
        aria-describedby={hint ? `${id}-hint` : undefined}
        checked={checked}
        className="mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-[3px] border border-line-strong bg-raised data-[state=checked]:border-accent data-[state=checked]:bg-accent"
        disabled={disabled}
        id={id}
        onCheckedChange={(next) => onChange(next === true)}
      >
        <Radix.Indicator>
          <Check aria-hidden="true" className="size-3 text-accent-ink" strokeWidth={3} />
        </Radix.Indicator>
      </Radix.Root>
      <div>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <p className="text-soft text-table" id={`${id}-hint`}>
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
