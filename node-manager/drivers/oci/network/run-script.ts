import { spawn } from 'node:child_process';
import { ToolFailed } from '../run-tool';

const MAX_SAID_BYTES = 65_536;
const SCRIPT_MS = 20_000;

/** Commands of one tool that reads a batch, as lines of a script; `otherwise` is run where one fails, instead of ending the script. */
export function batch(command: string, lines: readonly string[], otherwise?: string): string {
  const or = otherwise ? ` || ${otherwise}` : '';
  return lines.length === 0 ? '' : `${command} <<'END'${or}\n${lines.join('\n')}\nEND\n`;
}

/** Runs a script of sh to its first failure: several tools for the price of one process of ours. @throws ToolFailed */
export function runScript(name: string, script: string, timeoutMs = SCRIPT_MS): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-e', '-s'], {
      stdio: 'pipe',
      detached: true,
      env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' },
    });
    let [out, said] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      if (out.length < MAX_SAID_BYTES * 64) out += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (said.length < MAX_SAID_BYTES) said += chunk;
    });
    const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), timeoutMs);
    child.once('error', (cause) => {
      clearTimeout(timer);
      reject(new ToolFailed(name, cause.message, cause.message));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(out);
      else reject(new ToolFailed(name, signal ? `killed by ${signal}` : `exit code ${code}`, problemIn(said)));
    });
    child.stdin.on('error', () => {}).end(script);
  });
}

/** The line of what tools said that tells most: they put carets and their input behind it. */
function problemIn(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? '';
}
