import { accessSync, constants } from 'node:fs';

/** Where administrators' programs are, also when PATH leaves them out. */
const ALSO = ['/usr/sbin', '/sbin'];

/** Where podman keeps a catatonit of its own. */
export const CATATONIT_OF_PODMAN = '/usr/libexec/podman';

/** The path of a program that this process may run, from PATH, the system's folders, or `more`; null where there is none. */
export function which(program: string, more: readonly string[] = []): string | null {
  for (const folder of [...(process.env.PATH ?? '').split(':'), ...ALSO, ...more]) {
    if (folder && executable(`${folder}/${program}`)) return `${folder}/${program}`;
  }
  return null;
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
