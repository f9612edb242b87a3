import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** One thing that shall be so. `apply` makes it so; idempotent. */
export type Change = { what: string; apply: () => void };

/** A file of this text and mode; null when it is so already. */
export function file(path: string, text: string, mode: number): Change | null {
  if (existsSync(path) && readFileSync(path, 'utf8') === text && (statSync(path).mode & 0o777) === mode) return null;
  return {
    what: `write ${path} (mode 0${mode.toString(8)})`,
    apply: () => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.new`, text, { mode: 0o600 });
      chmodSync(`${path}.new`, mode); // also where the umask takes bits away
      renameSync(`${path}.new`, path);
    },
  };
}

/** A folder of this mode; null when it is so already. */
export function folder(path: string, mode: number): Change | null {
  if (existsSync(path) && (statSync(path).mode & 0o777) === mode) return null;
  return {
    what: `make the folder ${path} (mode 0${mode.toString(8)})`,
    apply: () => {
      mkdirSync(path, { recursive: true });
      chmodSync(path, mode);
    },
  };
}

/** A link to a folder, replaced whole: who opens it finds the old or the new, never none. Null when it is so already. */
export function link(path: string, target: string): Change | null {
  if (linkTarget(path) === target) return null;
  return {
    what: `link ${path} to ${target}`,
    apply: () => {
      mkdirSync(dirname(path), { recursive: true });
      const made = `${path}.${process.pid}.new`;
      symlinkSync(target, made);
      renameSync(made, path);
    },
  };
}

/** Where a link leads; null when there is none. */
export function linkTarget(path: string): string | null {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null;
  } catch {
    return null;
  }
}
