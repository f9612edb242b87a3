// @ts-check
// Counts for `npm test`, and why each skipped test was skipped.
import { writeFileSync } from 'node:fs';

/** A vitest reporter that writes { passed, failed, skipped: [{ name, why }] } to MERIDIAN_TEST_REPORT. */
export default class CountingReporter {
  /**
   * @param {ReadonlyArray<import('vitest/node').TestModule>} modules
   * @param {ReadonlyArray<unknown>} unhandled
   */
  onTestRunEnd(modules, unhandled) {
    let passed = 0;
    let failed = unhandled.length;
    const skipped = [];
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      // A file that cannot be loaded, and a hook that fails, have no test to blame.
      if (module.state() === 'failed' && !tests.some((test) => test.result().state === 'failed')) failed += 1;
      for (const test of tests) {
        const result = test.result();
        if (test.diagnostic()?.flaky) console.log(`passed only at its second try: ${test.fullName}`);
        if (result.state === 'passed') passed += 1;
        else if (result.state === 'failed') failed += 1;
        else {
          const note = 'note' in result ? result.note : undefined;
          skipped.push({ name: `${module.relativeModuleId} > ${test.fullName}`, why: note ?? 'no reason given' });
        }
      }
    }
    const file = process.env.MERIDIAN_TEST_REPORT;
    if (file) writeFileSync(file, JSON.stringify({ passed, failed, skipped }));
  }
}
