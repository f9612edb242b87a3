import { expect, test } from 'vitest';
import { exposition } from './exposition';

test('writes HELP, TYPE and samples; leaves out what is not known', () => {
  const text = exposition([
    { name: 'a_total', help: 'One\\two\nthree.', type: 'counter', samples: [{ value: 1.5 }] },
    { name: 'b', help: 'B.', type: 'gauge', samples: [{ value: null }, { value: Number.NaN }] },
    {
      name: 'c_bytes',
      help: 'C.',
      type: 'gauge',
      samples: [{ labels: { slice: 'q"\\\n\ud800', lease: 'x' }, value: 0 }],
    },
  ]);
  expect(text).toBe(
    '# HELP a_total One\\\\two\\nthree.\n# TYPE a_total counter\na_total 1.5\n' +
      '# HELP c_bytes C.\n# TYPE c_bytes gauge\nc_bytes{slice="q\\"\\\\\\n\ufffd",lease="x"} 0\n',
  );
});
