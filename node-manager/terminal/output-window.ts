/** What a terminal showed and its reader has not taken yet. Positions are bytes since the terminal was opened. */
export class OutputWindow {
  private chunks: Buffer[] = [];
  private start = 0;
  private length = 0;

  get held(): number {
    return this.length;
  }

  add(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
  }

  /** At most `max` bytes from a position on; what lies before it is forgotten. Null for a position that is not in the window. */
  read(from: number, max: number): Buffer | null {
    if (from < this.start || from > this.start + this.length) return null;
    const rest = Buffer.concat(this.chunks).subarray(from - this.start);
    this.chunks = rest.length > 0 ? [rest] : [];
    this.start = from;
    this.length = rest.length;
    return rest.subarray(0, max);
  }
}
