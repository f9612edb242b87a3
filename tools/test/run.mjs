// @ts-check
// The stages of `npm test`. Each adds to one tally; a stage that ends without a report is a failure, not a silence.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { generateClient } from '../start/build.mjs';
import { aptInstall, aptUnpack, canInstall, installSliverTools, onPath, ROOT } from '../start/install.mjs';
import { killGroup } from '../start/leftover.mjs';

const REPORTS = join(ROOT, '.data', 'test');
/** A stage that takes longer hangs. */
const STAGE_MS = 15 * 60_000;
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/**
 * @typedef {{ passed: number, failed: number, skipped: { name: string, why: string }[] }} Tally
 */

/**
 * Runs the stages one after another, all of them whatever fails, and prints the sum as the last line.
 *
 * @param {string[]} stages
 * @returns {Promise<number>} Exit code: 0 only when something ran and nothing failed.
 */
export async function runTests(stages) {
  mkdirSync(REPORTS, { recursive: true, mode: 0o711 });
  const began = Date.now();
  await generateClient();
  /** @type {Tally} */
  const sum = { passed: 0, failed: 0, skipped: [] };
  const times = [];
  for (const stage of stages) {
    console.log(`\n── ${stage} ${'─'.repeat(74 - stage.length)}`);
    const from = Date.now();
    const tally = await STAGES[/** @type {keyof typeof STAGES} */ (stage)]();
    sum.passed += tally.passed;
    sum.failed += tally.failed;
    sum.skipped.push(...tally.skipped);
    times.push(`${stage} ${Math.round((Date.now() - from) / 1000)} s`);
  }
  if (sum.skipped.length > 0) {
    console.log('\nSkipped:');
    for (const { name, why } of sum.skipped) console.log(`  ${name}: ${why}`);
  }
  console.log(`\n${times.join(' · ')} · in all ${Math.round((Date.now() - began) / 1000)} s`);
  console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped.length} skipped`);
  return sum.failed === 0 && sum.passed > 0 ? 0 : 1;
}

const STAGES = {
  async types() {
    // Next writes the declarations of images and styles, and of its routes.
    if (!existsSync(join(ROOT, 'next-env.d.ts'))) await run('node_modules/.bin/next', ['typegen']);
    return one('types', await run('node_modules/.bin/tsc', ['--noEmit', '-p', '.']));
  },
  async lint() {
    const codes = [
      await run('node_modules/.bin/biome', ['ci', '--colors=off', '--max-diagnostics=100']),
      await run(process.execPath, ['tools/imports.mjs']),
      await run(process.execPath, ['tools/migration.mjs', '--check']),
    ];
    return one('lint', Math.max(...codes));
  },
  unit: () => vitest('unit'),
  db: () => vitest('db'),
  async host() {
    const { sentence } = installSliverTools();
    if (sentence) console.log(sentence);
    if (!onPath('ssh') && canInstall()) {
      const problem = aptInstall(['openssh-client'], 'tests of ssh into slivers');
      if (problem) console.log(`ssh could not be installed: ${problem}`);
    }
    // Its tools check the unit; nothing of it is started where something else is process 1.
    if (!onPath('systemd-analyze') && canInstall()) {
      const problem = aptInstall(['systemd'], 'the test of the unit');
      if (problem) console.log(`systemd could not be installed: ${problem}`);
    }
    const prometheus = findPrometheus();
    return vitest('host', prometheus ? { MERIDIAN_TEST_PROMETHEUS: prometheus } : {});
  },
  async e2e() {
    const browser = findBrowser();
    if (!browser)
      return {
        passed: 0,
        failed: 0,
        skipped: [{ name: 'browser tests', why: 'there is no Chromium; set CHROMIUM to one' }],
      };
    const report = join(REPORTS, 'playwright.json');
    rmSync(report, { force: true });
    const code = await run('node_modules/.bin/playwright', ['test', '--reporter=list,json'], {
      CHROMIUM: browser,
      PLAYWRIGHT_JSON_OUTPUT_NAME: report,
    });
    return fromPlaywright(report, code);
  },
};

/** @param {string} name @param {number} code @returns {Tally} */
function one(name, code) {
  console.log(code === 0 ? `${name}: passed` : `${name}: FAILED`);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: [] };
}

/** @param {string} project @param {Record<string, string>} [env] @returns {Promise<Tally>} */
async function vitest(project, env = {}) {
  const report = join(REPORTS, `${project}.json`);
  rmSync(report, { force: true });
  const args = ['run', `--project=${project}`, '--reporter=default', '--reporter=./tools/test/vitest-reporter.mjs'];
  const code = await run('node_modules/.bin/vitest', [...args, '--passWithNoTests'], {
    ...env,
    MERIDIAN_TEST_REPORT: report,
  });
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: [] };
  /** @type {Tally} */
  const tally = JSON.parse(readFileSync(report, 'utf8'));
  // vitest knows of failures that belong to no test, such as an error after the last one.
  return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

/**
 * @param {string} report
 * @param {number} code
 * @returns {Tally}
 */
function fromPlaywright(report, code) {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: [] };
  const { suites, stats } = JSON.parse(readFileSync(report, 'utf8'));
  /** @type {Tally['skipped']} */
  const skipped = [];
  /** @param {any} suite Playwright's report format */
  const walk = (suite) => {
    for (const spec of suite.specs ?? []) {
      for (const test of spec.tests) {
        if (test.status !== 'skipped') continue;
        const why = test.annotations.find(
          (/** @type {{ type: string }} */ a) => a.type === 'skip' || a.type === 'fixme',
        );
        skipped.push({
          name: spec.title,
          why: why?.description ?? 'an earlier test of its group failed, or no reason given',
        });
      }
    }
    for (const inner of suite.suites ?? []) walk(inner);
  };
  for (const suite of suites) walk(suite);
  if (stats.flaky > 0) console.log(`${stats.flaky} browser tests passed only at their second try`);
  const failed = stats.unexpected;
  return { passed: stats.expected + stats.flaky, failed: code !== 0 && failed === 0 ? 1 : failed, skipped };
}

/** Debian's Prometheus, unpacked beside the reports where it is not installed: installing it would start it as a service. */
function findPrometheus() {
  const own = join(REPORTS, 'prometheus');
  const unpacked = join(own, 'usr', 'bin', 'prometheus');
  const found = ['/usr/bin/prometheus', unpacked].find((path) => existsSync(path));
  if (found || !canInstall()) return found;
  const problem = aptUnpack('prometheus', own, 'the tests of the metrics');
  if (problem) console.log(`Prometheus could not be had: ${problem}`);
  return existsSync(unpacked) ? unpacked : undefined;
}

function findBrowser() {
  const found = () => [process.env.CHROMIUM ?? '', ...BROWSERS].find((path) => path !== '' && existsSync(path));
  if (!found() && canInstall()) {
    const problem = aptInstall(['chromium'], 'browser tests');
    if (problem) console.log(`Chromium could not be installed: ${problem}`);
  }
  return found();
}

/**
 * @param {string} program
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 * @returns {Promise<number>} Exit code; 1 for a program that was killed.
 */
function run(program, args, env = {}) {
  return new Promise((done) => {
    // A group of its own, so that what a hanging stage started ends with it.
    const child = spawn(program, args, {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
      env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0', NEXT_TELEMETRY_DISABLED: '1', ...env },
    });
    const end = () => killGroup(child.pid ?? 0, 'SIGTERM');
    const late = setTimeout(() => {
      console.log(`${program} ${args.join(' ')} took more than ${STAGE_MS / 60_000} minutes and was ended.`);
      killGroup(child.pid ?? 0, 'SIGKILL');
    }, STAGE_MS);
    const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
    for (const signal of signals) process.on(signal, end);
    child.once('error', (error) => console.error(error.message));
    child.once('close', (code) => {
      clearTimeout(late);
      for (const signal of signals) process.off(signal, end);
      done(code ?? 1);
    });
  });
}
