import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { runTool } from '../drivers/oci/run-tool';

const BUILD_MS = 15 * 60_000;

/** Where a Debian host says what it installs from. */
const HOST_SOURCES = ['/etc/apt/sources.list', '/etc/apt/sources.list.d/debian.sources'];

/** What a sliver has no use for: a third of the image. The licences stay. */
const LEFT_OUT = [
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
  'path-exclude=/usr/share/man/*',
  'path-exclude=/usr/share/locale/*',
];

/**
 * Builds below $1, of release $2, from the rest. Host keys would be every sliver's: they go; so do the host's name and resolver, and a
 * mirror's password.
 */
const SCRIPT = `
set -eu
images=$1; release=$2; shift 2
[ ! -e "$images/base" ] || exit 0
new=$images/base.new
rm -rf --one-file-system "$new"
mmdebstrap --quiet --mode=root --format=directory --variant=minbase --include=openssh-server,ca-certificates \
  --aptopt='Apt::Install-Recommends "false"' ${LEFT_OUT.map((o) => `--dpkgopt='${o}'`).join(' ')} "$release" "$new" "$@" </dev/null
cd "$new"
rm -rf etc/ssh/ssh_host_* etc/resolv.conf etc/hostname etc/machine-id var/cache/apt/archives/*.deb var/lib/apt/lists/* var/log/*.log dev/*
: > etc/resolv.conf; : > etc/machine-id; : > .init
printf '127.0.0.1\\tlocalhost\\n::1\\tlocalhost\\n' > etc/hosts
sed -i 's#//[^/@ ]*@#//#' etc/apt/sources.list etc/apt/sources.list.d/* 2>/dev/null || true
mkdir -p -m 755 run/sshd
cd /
sync -f "$new"
mv "$new" "$images/base"
`;

/**
 * The image `base`: Debian's minbase with an ssh server, built from `mirror` (a URL, or a file in the form of sources.list), else from where the
 * host itself installs from. Takes half a minute and about 150 MB. Builders of several daemons take turns, and the image appears whole
 * or not at all; with one there it does nothing. @throws ToolFailed with what the builder said; the signal's reason when told to stop
 */
export async function ensureBaseImage(
  images: string,
  mirror: string | null,
  signal: AbortSignal,
  niceness = 0,
): Promise<void> {
  if (existsSync(`${images}/base`)) return;
  mkdirSync(images, { recursive: true, mode: 0o755 });
  const sources = mirror ? [mirror] : HOST_SOURCES.filter((file) => existsSync(file));
  // In namespaces of its own: what it mounts and starts ends with it, however it ends.
  const own = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const shell = ['sh', '-c', SCRIPT, 'base', images, hostRelease(), ...sources];
  await runTool('flock', [`${images}/base.lock`, 'nice', '-n', String(niceness), 'unshare', ...own, ...shell], {
    timeoutMs: BUILD_MS,
    signal,
  });
}

/** The host's own Debian release, which its mirror has for certain; else the present stable one by that name. */
function hostRelease(): string {
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    const codename = /^VERSION_CODENAME=([a-z]+)$/m.exec(text)?.[1];
    if (/^ID=debian$/m.test(text) && codename) return codename;
  } catch {
    // no such file: not a Debian
  }
  return 'stable';
}
