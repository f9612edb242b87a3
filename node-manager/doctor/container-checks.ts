import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { findCgroups } from '../drivers/oci/cgroups';
import { type Finding, less, missing, ok } from './finding';
import { lackingCapabilities, says, text, which } from './host';

/** Without one of these no container starts. */
const NEEDED_CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'KILL',
  'SETGID',
  'SETUID',
  'SETFCAP',
  'SYS_ADMIN',
  'SYS_CHROOT',
];

/** What a container needs: looked up, nothing is made. */
export function containerChecks(): Finding[] {
  return [
    kernel(),
    root(),
    capabilities(),
    crun(),
    tool('catatonit'),
    tool('busybox', 'busybox-static'),
    cgroups(),
    userNamespaces(),
    overlay(),
    seccomp(),
  ];
}

function kernel(): Finding {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const able = process.platform === 'linux' && (major > 5 || (major === 5 && minor >= 19));
  const found = `${process.platform === 'linux' ? 'Linux' : process.platform} ${release()}`;
  return able
    ? ok('kernel', found)
    : missing('kernel', `${found}; an overlay on an idmapped mount needs Linux 5.19`, 'install a newer kernel');
}

function root(): Finding {
  return process.getuid?.() === 0
    ? ok('root', 'runs as root')
    : missing('root', `runs as user ${process.getuid?.() ?? '?'}`, 'run it as root');
}

function capabilities(): Finding {
  const lacks = lackingCapabilities();
  if (lacks.length === 0) return ok('capabilities', 'all that a node uses');
  const found = `without ${lacks.map((name) => `CAP_${name}`).join(', ')}`;
  const mend = 'give this machine or container those capabilities';
  return lacks.some((name) => NEEDED_CAPABILITIES.includes(name))
    ? missing('capabilities', found, mend)
    : less('capabilities', found, mend);
}

function crun(): Finding {
  const said = which('crun') && says('crun', '--version');
  if (!said) return missing('crun', 'the program crun is not installed', 'apt-get install -y crun');
  return ok('crun', said.split('\n')[0] ?? 'crun');
}

function tool(program: string, from = program): Finding {
  const path = which(program);
  return path
    ? ok(program, path)
    : missing(program, `the program ${program} is not installed`, `apt-get install -y ${from}`);
}

function cgroups(): Finding {
  const { version, hybrid, trees, missing: lacks } = findCgroups();
  const kind = `version ${version}${hybrid ? ', with version 2 beside it' : ''}`;
  if (lacks.length > 0)
    return missing(
      'cgroups',
      `${kind}, without ${lacks.join(', ')}`,
      'enable these controllers on the kernel command line: cgroup_enable=…',
    );
  const names =
    version === 2
      ? text('/sys/fs/cgroup/cgroup.controllers').split(' ')
      : trees.map((tree) => tree.slice(tree.lastIndexOf('/') + 1));
  return ok('cgroups', `${kind}: ${names.join(', ')}`);
}

function userNamespaces(): Finding {
  const most = text('/proc/sys/user/max_user_namespaces');
  if (existsSync('/proc/self/ns/user') && most !== '0') return ok('user-namespaces', `up to ${most}`);
  return missing('user-namespaces', 'none may be made', 'sysctl -w user.max_user_namespaces=65536');
}

function overlay(): Finding {
  if (/\boverlay$/m.test(text('/proc/filesystems'))) return ok('overlay', 'the kernel has it');
  return missing('overlay', 'the kernel does not have the file system overlay', 'modprobe overlay');
}

function seccomp(): Finding {
  const kernelHas = /^Seccomp:/m.test(text('/proc/self/status'));
  const crunHas = says('crun', '--version')?.includes('+SECCOMP') ?? false;
  if (kernelHas && crunHas) return ok('seccomp', 'kernel and crun have it');
  return less(
    'seccomp',
    kernelHas ? 'crun was built without it' : 'the kernel does not have it',
    'install a kernel and a crun with seccomp',
  );
}
