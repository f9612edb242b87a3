import { ENTRANCE_FOLDER } from '../drivers/entrance';
import { nameOf } from '../sliver/names';
import type { HostKey } from './host-key';

/** The program that a sliver's image must hold to be entered by ssh. */
export const SSHD = '/usr/sbin/sshd';
/** Time from the first word to a good key, in seconds. */
export const LOGIN_GRACE_SECONDS = 20;
/** What a Linux login may be (useradd's own rule). */
const LOGIN = /^[a-z_][a-z0-9_-]{0,31}$/;

/** The name under which a slice's members log in: the slice's own; `root` where that is no login. */
export function loginOf(sliceUrn: string): string {
  const name = nameOf(sliceUrn);
  return LOGIN.test(name) ? name : 'root';
}

/**
 * The whole configuration of a sliver's sshd: keys as the node has them and nothing else lets anybody in. Dead connections end within
 * three minutes; the sliver's own files change none of it.
 */
const CONFIG = `HostKey ${ENTRANCE_FOLDER}/host_key
AuthorizedKeysFile ${ENTRANCE_FOLDER}/authorized_keys
AuthenticationMethods publickey
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
HostbasedAuthentication no
PermitRootLogin prohibit-password
UsePAM no
UseDNS no
PermitUserEnvironment no
AllowTcpForwarding yes
AllowAgentForwarding yes
GatewayPorts no
PermitTunnel no
X11Forwarding no
PrintMotd no
AcceptEnv LANG LC_*
LoginGraceTime ${LOGIN_GRACE_SECONDS}
MaxAuthTries 10
MaxSessions 32
ClientAliveInterval 60
ClientAliveCountMax 3
LogLevel INFO
Subsystem sftp internal-sftp
`;

/** The files that one login needs. */
export function sshdFiles(hostKey: HostKey, keys: readonly string[]): Record<string, string> {
  return {
    sshd_config: CONFIG,
    host_key: hostKey.privateKey,
    authorized_keys: keys.map((key) => `${key}\n`).join(''),
  };
}

/**
 * Runs inside before sshd does, at each login, so that it also holds after somebody emptied /run or reset the sliver. The slice's login is
 * a second name of root's: full rights inside, and none outside (the user namespace maps it to the sliver's own user).
 */
const PREPARE = `
[ -d /run/sshd ] || mkdir -p -m 0755 /run/sshd
if ! grep -q "^$1:" /etc/passwd; then
  shell=/bin/sh; [ -x /bin/bash ] && shell=/bin/bash
  echo "$1:*:0:0:$1:/root:$shell" >> /etc/passwd
fi
exec ${SSHD} -i -e -f ${ENTRANCE_FOLDER}/sshd_config`;

/** The command that serves one connection, its input and output. */
export function sshdCommand(login: string): string[] {
  return ['/bin/sh', '-c', PREPARE, 'meridian-ssh', login];
}

/** The key that sshd says it took, "SHA256:…"; null while it has not. */
export function acceptedKey(said: string): string | null {
  return /^Accepted publickey for \S+ from .* ssh2: \S+ (SHA256:[A-Za-z0-9+/]{43})/m.exec(said)?.[1] ?? null;
}
