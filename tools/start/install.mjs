// @ts-check
// What must be on the machine before anything of ours can run. Only Node's own modules: there may be no packages yet.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Unable } from './unable.mjs';

/** The clone's folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Debian packages for real slivers, each with the program that shows that it is there. */
const SLIVER_TOOLS = [
  { program: 'crun', package: 'crun' },
  { program: 'busybox', package: 'busybox-static' },
  { program: 'catatonit', package: 'catatonit' },
  { program: 'ip', package: 'iproute2' },
  { program: 'nft', package: 'nftables' },
  { program: 'mkfs.ext4', package: 'e2fsprogs', optional: true },
  { program: 'mmdebstrap', package: 'mmdebstrap', optional: true },
  { program: 'conntrack', package: 'conntrack' },
];

/** Installs the npm packages when they are missing or not those of the lockfile. */
export async function installPackages() {
  if (packagesMatch()) return;
  console.log('Installing the npm packages (npm ci), about a minute …');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    // Development packages (Tailwind's and Next's among them) are needed to build, whatever the environment says.
    env: { ...process.env, NODE_ENV: 'development', npm_config_omit: '' },
  });
  if (npm.error) throw new Unable(69, `npm could not be run (${npm.error.message}). It comes with Node.`);
  if (npm.status !== 0) throw new Unable(69, 'npm ci failed; what it says stands above.');
}

/** Whether node_modules holds what the lockfile says. Platform packages of other platforms are not expected. */
function packagesMatch() {
  try {
    const read = (/** @type {string} */ file) => JSON.parse(readFileSync(join(ROOT, file), 'utf8')).packages;
    const wanted = read('package-lock.json');
    const installed = read('node_modules/.package-lock.json');
    return Object.entries(wanted).every(
      ([path, { version, optional }]) =>
        path === '' || (optional && !installed[path]) || installed[path]?.version === version,
    );
  } catch {
    return false;
  }
}

/** Whether a program is on the PATH. @param {string} program */
export function onPath(program) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];
  return folders.some((folder) => existsSync(join(folder, program)));
}

/** Whether packages can be installed here: root on Debian or what comes of it. */
export function canInstall() {
  return (
    process.getuid?.() === 0 &&
    existsSync('/etc/debian_version') &&
    onPath('apt-get') &&
    !process.env.MERIDIAN_NO_INSTALL
  );
}

/**
 * Installs Debian packages, saying so first.
 *
 * @param {string[]} packages
 * @param {string} what What they are for.
 * @returns {string | undefined} Why it did not work.
 */
export function aptInstall(packages, what) {
  console.log(`Installing ${packages.join(', ')} (apt), for ${what} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (/** @type {string[]} */ args) =>
    spawnSync('apt-get', args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  let run = apt(install);
  if (run.status !== 0) {
    apt(['update']); // the list of packages may be missing or old
    run = apt(install);
  }
  if (run.status === 0) return undefined;
  return run.error?.message ?? run.stderr.split('\n').find((line) => line.startsWith('E:')) ?? 'apt-get failed';
}

/**
 * Unpacks a Debian package below a folder without installing it: nothing else on the machine changes, no service starts.
 *
 * @param {string} name
 * @param {string} folder
 * @param {string} what What it is for.
 * @returns {string | undefined} Why it did not work.
 */
export function aptUnpack(name, folder, what) {
  console.log(`Unpacking ${name} (apt), for ${what} …`);
  mkdirSync(folder, { recursive: true });
  // As root apt hands the download to a user of its own, who may not be able to write here.
  const download = () => command('apt-get', ['-o', 'APT::Sandbox::User=root', 'download', name], folder);
  let problem = download();
  if (problem) {
    command('apt-get', ['update'], folder); // the list of packages may be missing or old
    problem = download();
  }
  const file = readdirSync(folder).find((each) => each.startsWith(`${name}_`) && each.endsWith('.deb'));
  if (problem || !file) return problem ?? 'apt-get left no file';
  problem = command('dpkg-deb', ['-x', file, '.'], folder);
  rmSync(join(folder, file));
  return problem;
}

/** @param {string} program @param {string[]} args @param {string} cwd @returns {string | undefined} What went wrong. */
function command(program, args, cwd) {
  const run = spawnSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (run.status === 0) return undefined;
  return run.error?.message ?? run.stderr.split('\n').find((line) => line.startsWith('E:')) ?? `${program} failed`;
}

/**
 * Makes this machine able to run real slivers where it can.
 *
 * @returns {{ able: boolean, sentence?: string }} With the sentence that says what is missing.
 */
export function installSliverTools() {
  if (process.platform !== 'linux')
    return { able: false, sentence: 'Real slivers need Linux: the node "this machine" is simulated.' };
  if (process.getuid?.() !== 0)
    return { able: false, sentence: 'Real slivers need root: the node "this machine" is simulated.' };
  const missing = SLIVER_TOOLS.filter(({ program }) => !onPath(program));
  if (missing.length === 0) return { able: true };
  const names = missing.map((tool) => tool.package);
  const problem = canInstall() ? aptInstall(names, 'real slivers on this machine') : 'they are not installed';
  if (!problem) return { able: true };
  const needed = missing.filter((tool) => !tool.optional).map((tool) => tool.package);
  if (needed.length === 0)
    return {
      able: true,
      sentence: `Slivers do with less for want of ${names.join(', ')} (${problem}): see the node's page.`,
    };
  return {
    able: false,
    sentence: `Real slivers need ${needed.join(', ')} (${problem}): the node "this machine" is simulated.`,
  };
}
