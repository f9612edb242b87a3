import type { Readable } from 'node:stream';

/** Where a sliver finds what its node gives it for those who come in: a folder that its root alone can read, and nobody inside can change. */
export const ENTRANCE_FOLDER = '/.meridian';

/** Somebody inside: a program that was started in a sliver for a caller, with all that it starts. */
export type Guest = {
  /** Names the guest within its sliver, also for a daemon that comes after this one. */
  mark: string;
  /** What the program says on its standard error; it has to be read. */
  said: Readable | null;
  /** Resolves when the program itself has ended; what it left running may go on. */
  ended: Promise<{ exitCode: number | null }>;
  /** Ends the program and all that it started, save what detached itself and wiped its environment. Idempotent. */
  end: () => void;
};

export type Size = { cols: number; rows: number };

/** A guest on a terminal of its own. */
export type PtyGuest = Guest & {
  /** What the terminal shows: ends when nobody holds it open inside. */
  output: Readable;
  /** Types into it. Resolves when all was taken: a program that does not read holds it up. */
  write: (data: Buffer) => Promise<void>;
  resize: (size: Size) => void;
};

/** The ways into the running slivers of a driver. */
export interface Entrance {
  /** Has the image this program (an absolute path)? Judged by the image, which no sliver can write to. */
  hasProgram(image: string, path: string): boolean;
  /** Can this sliver be furnished: was it made with the folder? */
  isOpen(id: string): boolean;
  /** Puts these files into the sliver's ENTRANCE_FOLDER, each whole or not at all. What is the same already is left as it is. */
  furnish(id: string, files: Readonly<Record<string, string>>): void;
  /** Runs a program inside with this descriptor, which it shares from then on, as its input and output. */
  serve(id: string, argv: readonly string[], descriptor: number): Guest;
  /** Runs a program inside on a new terminal. @throws Refused EXEC_FAILED */
  openTerminal(id: string, argv: readonly string[], size: Size): Promise<PtyGuest>;
  /** Marks of the guests that are inside now, whoever let them in. */
  guests(id: string): string[];
  /** Ends the guest of this mark, whoever let it in. Idempotent. */
  end(id: string, mark: string): void;
}
