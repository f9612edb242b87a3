import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { runTool } from '../drivers/oci/run-tool';

const FOLDERS = [
  'bin',
  'dev',
  'etc',
  'home',
  'proc',
  'root',
  'run',
  'sbin',
  'sys',
  'tmp',
  'usr/bin',
  'usr/sbin',
  'var/log',
  'var/run',
  'var/tmp',
];
const FILES: Record<string, string> = {
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  'etc/group': 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n',
  'etc/hosts': '127.0.0.1\tlocalhost\n::1\tlocalhost\n',
  'etc/os-release': 'NAME="Meridian tiny"\nID=meridian-tiny\n',
  '.init': '',
};

/**
 * The image `tiny`: a root file system of about 2 MB around a static busybox, shared by all slivers and never written to. Made once; appears
 * whole or not at all.
 */
export async function ensureTinyImage(images: string, busybox: string): Promise<string> {
  const image = `${images}/tiny`;
  if (existsSync(image)) return image;
  const making = `${image}.new`;
  rmSync(making, { recursive: true, force: true });
  for (const folder of FOLDERS) mkdirSync(`${making}/${folder}`, { recursive: true, mode: 0o755 });
  for (const folder of ['tmp', 'var/tmp']) chmodSync(`${making}/${folder}`, 0o1777);
  chmodSync(`${making}/root`, 0o700);
  copyFileSync(busybox, `${making}/bin/busybox`);
  chmodSync(`${making}/bin/busybox`, 0o755);
  for (const [path, text] of Object.entries(FILES)) writeFileSync(`${making}/${path}`, text, { mode: 0o644 });
  const applets = (await runTool(busybox, ['--list-full'], { timeoutMs: 5_000, capture: true }))
    .split('\n')
    .filter(Boolean);
  for (const applet of applets) {
    const path = `${making}/${applet}`;
    if (existsSync(path)) continue;
    mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true });
    symlinkSync('/bin/busybox', path);
  }
  renameSync(making, image);
  return image;
}
