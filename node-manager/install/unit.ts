import { PATHS } from './layout';

/**
 * What the daemon must keep to make slivers. All else is taken from it: setting the clock, loading modules, raw memory, rebooting, reading the
 * kernel's log, tracing through BPF.
 */
const CAPABILITIES = [
  'CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_ADMIN', 'NET_BIND_SERVICE', 'NET_RAW', 'SETFCAP',
  'SETGID', 'SETPCAP', 'SETUID', 'SYS_ADMIN', 'SYS_CHROOT', 'SYS_PTRACE', 'SYS_RESOURCE',
].map((name) => `CAP_${name}`); // biome-ignore format: a list to read

/**
 * The unit of a node manager. Pure.
 *
 * Left out on purpose, because slivers are its children and outlive it: whatever gives the service a mount namespace of its own (ProtectSystem,
 * PrivateTmp, ProtectHome, ProtectKernelTunables, …), for the next start could then not see or unmount what this one mounted;
 * NoNewPrivileges, RestrictSUIDSGID, RestrictNamespaces, ProtectHostname and MemoryDenyWriteExecute, which slivers would inherit (or Node
 * cannot live with); an OOM score and RuntimeDirectory likewise. docs/decisions/0032 has the whole table.
 */
export function unitText(o: { node: string }): string {
  return `# Written by \`meridian node install\`; changes are lost at the next one. Make a drop-in: systemctl edit meridian-node
[Unit]
Description=Meridian node manager
Documentation=file:${PATHS.current}/docs/operations.md
Wants=network-online.target time-sync.target
After=network-online.target time-sync.target
StartLimitIntervalSec=300
StartLimitBurst=10

[Service]
Type=exec
WorkingDirectory=${PATHS.current}
EnvironmentFile=${PATHS.environment}
ExecStart=${o.node} --import tsx node-manager/main.ts
Restart=on-failure
RestartSec=2
# A setting that cannot work does not get better by itself.
RestartPreventExitStatus=78
TimeoutStopSec=30

# Slivers run on when the daemon stops, is replaced, or crashes.
KillMode=process
Delegate=yes
TasksMax=infinity
LimitNOFILE=65536
# Slivers' own users pass through its folders in /run.
UMask=0022
StateDirectory=meridian-node
StateDirectoryMode=0700

# What slivers inherit of this only takes away what their user namespaces never had.
CapabilityBoundingSet=${CAPABILITIES.join(' ')}
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @module @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET
RestrictRealtime=yes
KeyringMode=private

[Install]
WantedBy=multi-user.target
`;
}
