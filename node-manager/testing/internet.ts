import { spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { ToolFailed } from '../drivers/oci/run-tool';

/**
 * A machine somewhere else: a network namespace of its own behind a pair of interfaces, in the range that is meant for tests (RFC 2544;
 * RFC 4193 for IPv6). No packet of a test leaves this host.
 */
export class Elsewhere {
  readonly name = `mt${randomBytes(4).toString('hex')}`;
  private readonly net = `198.18.${randomInt(256)}.${randomInt(64) * 4}`;
  private readonly net6 = `fd6d:7e57:${randomBytes(2).toString('hex')}:0:`;
  /** The host's, as it is seen from there. */
  readonly here = this.at(1);
  readonly here6 = `${this.net6}:1`;
  readonly address = this.at(2);
  readonly address6 = `${this.net6}:2`;
  private readonly children = new Set<ReturnType<typeof spawn>>();

  constructor() {
    run('ip', ['netns', 'add', this.name]);
    const lines = [
      `link add ${this.name} type veth peer name eth0 netns ${this.name}`,
      `addr add ${this.here}/30 dev ${this.name}`,
      `addr add ${this.here6}/64 dev ${this.name} nodad`,
      `link set ${this.name} up`,
    ];
    run('ip', ['-batch', '-'], lines.join('\n'));
    const inside = [
      'link set lo up',
      `addr add ${this.address}/30 dev eth0`,
      `addr add ${this.address6}/64 dev eth0 nodad`,
      'link set eth0 up',
      `route add ::/0 via ${this.here6} dev eth0`,
      `route add default via ${this.here}`,
    ];
    run('ip', ['-n', this.name, '-batch', '-'], inside.join('\n'));
  }

  /** One more address of it, with the host's way there. */
  give(address: string): void {
    run('ip', ['-n', this.name, 'addr', 'add', `${address}/32`, 'dev', 'eth0']);
    run('ip', ['route', 'add', `${address}/32`, 'via', this.address]);
  }

  /** A command's output there, whatever its exit code. */
  run(script: string): Promise<string> {
    return output(['ip', 'netns', 'exec', this.name, 'sh', '-c', script]);
  }

  /** Leaves a script of Node running there until `close`; resolves with its first line. */
  async serve(program: string): Promise<{ line: string; lines: string[] }> {
    return await this.serveUnder(['ip', 'netns', 'exec', this.name], program);
  }

  /** As `serve`, under another command. */
  async serveUnder(prefix: readonly string[], script: string): Promise<{ line: string; lines: string[] }> {
    const [program = '', ...args] = prefix;
    const child = spawn(program, [...args, process.execPath, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.children.add(child);
    const lines: string[] = [];
    const line = await new Promise<string>((resolve, reject) => {
      child.once('exit', () => reject(new Error('ended before it said anything')));
      child.stdout?.on('data', (chunk: Buffer) => {
        lines.push(...chunk.toString().split('\n').filter(Boolean));
        if (lines[0]) resolve(lines[0]);
      });
    });
    return { line, lines };
  }

  close(): void {
    for (const child of this.children) child.kill('SIGKILL');
    spawnSync('ip', ['netns', 'del', this.name]);
    spawnSync('ip', ['link', 'del', this.name], { stdio: 'ignore' });
  }

  private at(last: number): string {
    const [a, b, c, d] = this.net.split('.');
    return `${a}.${b}.${c}.${Number(d) + last}`;
  }
}

function run(tool: string, args: string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(tool, args, { input, encoding: 'utf8', timeout: 20_000 });
  if (status !== 0) throw new ToolFailed(tool, `exit code ${status}`, stderr || stdout);
  return stdout;
}

/** What a command writes to stdout; this process stays free to answer it. */
export function output(command: readonly string[], timeoutMs = 15_000): Promise<string> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    child.once('error', reject);
    child.once('close', () => resolve(said));
  });
}
