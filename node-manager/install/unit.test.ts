import { mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ROOT, VERSION } from '../version';
import { PATHS, under } from './layout';
import { unitText } from './unit';
import { upgrade } from './upgrade';

test('the unit holds nothing that would take slivers along, part them from the next start, or be missed inside', () => {
  const settings = unitText({ node: '/usr/bin/node' })
    .split('\n')
    .flatMap((line) => /^([A-Za-z]+)=/.exec(line)?.[1] ?? []);
  const mountNamespace =
    /^(Protect|Private|ReadWrite|ReadOnly|Inaccessible|ExecPaths|NoExec|BindPaths|TemporaryFileSystem|MountFlags|RootDirectory|ProcSubset)/;
  const inherited =
    /^(NoNewPrivileges|RestrictSUIDSGID|RestrictNamespaces|LockPersonality|MemoryDenyWriteExecute|OOMScoreAdjust|RuntimeDirectory|User|DynamicUser)$/;
  expect(settings.filter((name) => mountNamespace.test(name) || inherited.test(name))).toEqual([]);
  expect(unitText({ node: '/usr/bin/node' })).toMatch(/^KillMode=process$/m);
});

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'upgrade-'));
  mkdirSync(`${root}/before`);
  mkdirSync(under(root, '/opt/meridian'), { recursive: true });
  symlinkSync(`${root}/before`, under(root, PATHS.current));
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

/** A service manager whose unit stays up with some versions only. */
function services(staysUp: (folder: string) => boolean) {
  const started: string[] = [];
  const made = () => ({
    runs: true,
    reload: () => {},
    enable: () => {},
    disable: () => {},
    restart: () => {
      started.push(readlinkSync(under(root, PATHS.current)));
      return Promise.resolve(staysUp(started.at(-1) ?? ''));
    },
  });
  return { started, made };
}

test('a version that does not stay up is taken back', async () => {
  const bad = services((folder) => folder !== ROOT);
  await expect(upgrade([ROOT, '--root', root], bad.made)).rejects.toThrow(
    `Meridian ${VERSION} did not stay up (journalctl -u meridian-node.service -n 50 says why). ${root}/before is in place again and runs.`,
  );
  expect(bad.started).toEqual([ROOT, `${root}/before`]);
  expect(readlinkSync(under(root, PATHS.current))).toBe(`${root}/before`);

  const good = services(() => true);
  expect(await upgrade([ROOT, '--root', root], good.made)).toBe(0);
  expect(readlinkSync(under(root, PATHS.current))).toBe(ROOT);
});
