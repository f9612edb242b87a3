import { Refused } from '../errors';
import { LOGIN_BASE, SLICE_NAME } from '../identity/urn';

/** A slice's whole name, <login base>_<name>: minted by `sliceName` alone. */
export type SliceName = string & { readonly brand: 'SliceName' };

const SHORT = /^[a-z][a-z0-9]*$/;
const MAX = 32;

/**
 * The slice's name from its site's login base and the short name a person chose. Lower case, at most 32 characters in
 * all, a valid login. Throws `INVALID_INPUT` naming the field `name` and what is wrong with it.
 */
export function sliceName(loginBase: string, short: string): SliceName {
  const problem = sliceNameProblem(loginBase, short);
  if (problem !== null) throw new Refused('INVALID_INPUT', { field: 'name', problem });
  return `${loginBase}_${short}` as SliceName; // checked in the line before
}

/** What is wrong with the short name at this site, as the end of a sentence; null when nothing is. For forms. */
export function sliceNameProblem(loginBase: string, short: string): string | null {
  if (!LOGIN_BASE.test(loginBase)) return 'the site’s login base is not a valid one';
  if (short === '') return 'a slice needs a name';
  if (!SHORT.test(short)) return 'use lower-case letters and digits, beginning with a letter';
  const most = MAX - loginBase.length - 1;
  if (short.length > most) return `with the site’s prefix ${loginBase}_ it may have at most ${most} characters`;
  return SLICE_NAME.test(`${loginBase}_${short}`) ? null : 'it is too short';
}

/** The parts of a slice's name, or null when it is none. */
export function parseSliceName(name: string): { loginBase: string; short: string } | null {
  if (!SLICE_NAME.test(name)) return null;
  const at = name.indexOf('_');
  return { loginBase: name.slice(0, at), short: name.slice(at + 1) };
}
