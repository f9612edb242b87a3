'use client';
import { type ReactNode, useId } from 'react';
import { cn } from './cn';

/** What a control must carry to be tied to its label, hint and error. */
export type FieldAria = { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean | undefined };

type FieldProps = {
  label: ReactNode;
  hint?: ReactNode;
  /** A sentence: what is wrong and what to do. */
  error?: ReactNode;
  optional?: boolean;
  className?: string;
  children: (aria: FieldAria) => ReactNode;
};

/** A label, its control, a hint below, and an error that is read out with the control. */
export function Field({ label, hint, error, optional, className, children }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined;
  return (
    <div className={cn('flex min-w-0 flex-col gap-1.5', className)}>
      <label className="font-medium" htmlFor={id}>
        {label}
        {optional && <span className="ml-1.5 font-normal text-faint">optional</span>}
      </label>
      {children({ id, 'aria-describedby': described, 'aria-invalid': error ? true : undefined })}
      {error && (
        <p className="text-danger text-table" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
      {hint && (
        <p className="text-soft text-table" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** Several fields under one name. */
export function Fieldset({ legend, hint, children }: { legend: ReactNode; hint?: ReactNode; children: ReactNode }) {
  return (
    <fieldset className="grid grid-cols-1 gap-x-10 gap-y-4 border-line border-t py-6 lg:grid-cols-[13rem_minmax(0,1fr)]">
      <div className="lg:col-start-1 lg:row-start-1">
        <legend className="float-left w-full font-semibold">{legend}</legend>
        {hint && <p className="clear-both pt-1 text-soft text-table">{hint}</p>}
      </div>
      <div className="flex min-w-0 flex-col gap-5 lg:col-start-2 lg:row-start-1">{children}</div>
    </fieldset>
  );
}
