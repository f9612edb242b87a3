import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OutputWindow } from './output-window';

test('whoever reads on from where they are gets every byte once, also when an answer is lost', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 20 })),
      fc.array(fc.boolean()),
      fc.integer({ min: 1, max: 7 }),
      (said, lost, max) => {
        const window = new OutputWindow();
        const whole = Buffer.concat(said);
        let got = Buffer.alloc(0);
        const read = (answerLost: boolean) => {
          const data = window.read(got.length, max);
          if (data && !answerLost) got = Buffer.concat([got, data]);
        };
        said.forEach((chunk, i) => {
          window.add(Buffer.from(chunk));
          read(lost[i] ?? false);
        });
        while (got.length < whole.length) read(false);
        expect(got.equals(whole)).toBe(true);
        expect(window.read(whole.length + 1, max)).toBe(null);
      },
    ),
  );
});
