'use client';
import { useId } from 'react';
import { Field } from '../../ui/field';
import { Input } from '../../ui/input';

export type Ending = { endLeases: boolean; reason: string };

/** What becomes of the partner's leases on what is taken back, and why it is: shown to those whom it meets. */
export function EndingFields({ value, onChange }: { value: Ending; onChange: (ending: Ending) => void }) {
  const name = useId();
  const options = [
    { ends: false, label: 'Let its leases run to their end', hint: 'Nothing new is let in, and none is renewed.' },
    { ends: true, label: 'End its leases at once', hint: 'Its slivers there stop within seconds.' },
  ];
  return (
    <>
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-1.5 font-medium">Its slivers on what is taken back</legend>
        {options.map(({ ends, label, hint }) => (
          <label className="flex items-start gap-2.5" key={label}>
            <input
              checked={value.endLeases === ends}
              className="mt-1 accent-(--accent)"
              name={name}
              onChange={() => onChange({ ...value, endLeases: ends })}
              type="radio"
            />
            <span>
              {label}
              <span className="block text-soft text-table">{hint}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <Field hint="The partner’s people read it on their slices." label="Why" optional>
        {(aria) => (
          <Input
            {...aria}
            maxLength={300}
            onChange={(e) => onChange({ ...value, reason: e.target.value })}
            value={value.reason}
          />
        )}
      </Field>
    </>
  );
}
