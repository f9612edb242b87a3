import { execFileSync } from 'node:child_process';

const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'pipe' });

export type Wire = ReturnType<typeof wire>;

/** A network namespace of the test's own, on a wire to the host's: the node's address is inside. `index`: 0 to 9, one use each. */
export function wire(index: number) {
  const name = `mrd${process.pid}${'abcdefghij'[index]}`;
  const third = process.pid % 256;
  const host = `198.18.${third}.${index * 4 + 1}`; // RFC 2544: for tests between two networks
  const inside = `198.18.${third}.${index * 4 + 2}`;
  run('ip', 'netns', 'add', name);
  run('ip', 'link', 'add', `${name}h`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
  run('ip', 'addr', 'add', `${host}/30`, 'dev', `${name}h`);
  run('ip', 'link', 'set', `${name}h`, 'up');
  run('ip', '-n', name, 'addr', 'add', `${inside}/30`, 'dev', 'eth0');
  run('ip', '-n', name, 'link', 'set', 'eth0', 'up');
  run('ip', '-n', name, 'link', 'set', 'lo', 'up');
  run('ip', '-n', name, 'route', 'add', 'default', 'via', host);
  return {
    name,
    host,
    inside,
    /** Runs a command inside. Not `ip netns exec`: that one would hide the control groups behind a new /sys. */
    within: ['nsenter', `--net=/run/netns/${name}`],
    /** As behind a NAT or a firewall: what was begun inside goes on, whatever else arrives is dropped without a word. */
    shut: () =>
      run(
        'nsenter',
        `--net=/run/netns/${name}`,
        'nft',
        'table inet shut { chain arriving { type filter hook input priority 0; policy drop; iif lo accept; ct state established,related accept; }; }',
      ),
    /** Cuts or mends the wire: nothing passes, and neither end is told. */
    cut: (cut: boolean) => run('ip', 'link', 'set', `${name}h`, cut ? 'down' : 'up'),
    remove: () => run('ip', 'netns', 'del', name),
  };
}
