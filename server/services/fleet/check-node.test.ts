import { expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { withDefaults } from './check-node';

// The command line sends every option, undefined where none was given, and superjson carries that.
test('an amount that was not asked for is the default one, also when it came as undefined', () => {
  expect(withDefaults({ cpuMilli: 500, memoryMiB: undefined, diskMiB: undefined, image: undefined })).toEqual({
    ...DEFAULT_RESOURCES,
    cpuMilli: 500,
  });
});
