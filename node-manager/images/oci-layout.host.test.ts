import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { programLog } from '../log';
import { tempDirectory } from '../testing/agent-stub';
import { hostLacks } from '../testing/host';
import { ImageStore } from './image-store';

const lacks = await hostLacks('images from an OCI layout');

describe.skipIf(lacks.length > 0)('an image from an OCI layout', () => {
  const folder = tempDirectory('layout');
  let store: ImageStore;

  const blob = (layout: string, bytes: Buffer, mediaType: string) => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    mkdirSync(`${layout}/blobs/sha256`, { recursive: true });
    writeFileSync(`${layout}/blobs/sha256/${hex}`, bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length };
  };
  /** A layout of layers, each a script that fills a folder, or a list of names as tar shall write them. */
  const layout = (name: string, scripts: string[], compress = 'z') => {
    const at = `${folder}/oci/${name}`;
    const layers = scripts.map((script, i) => {
      const work = `${folder}/${name}-${i}`;
      mkdirSync(work);
      execFileSync('sh', ['-ec', `cd ${work}; mkdir l; cd l; ${script}`]);
      const own = existsSync(`${work}/l.tar`)
        ? ['-ec', `gzip -c ${work}/l.tar`]
        : ['-ec', `tar -c${compress}f - -C ${work}/l .`];
      const kind = `application/vnd.oci.image.layer.v1.tar${compress ? '+gzip' : ''}`;
      return blob(at, execFileSync('sh', own), kind);
    });
    const manifest = blob(at, Buffer.from(JSON.stringify({ layers })), 'application/vnd.oci.image.manifest.v1+json');
    writeFileSync(`${at}/index.json`, JSON.stringify({ manifests: [manifest] }));
    return { at, digest: manifest.digest, layers };
  };

  beforeAll(async () => {
    const busybox = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
    store = await ImageStore.open({ folder, mirror: null, build: false }, busybox, programLog('test', 'silent'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('layers lie over each other, and what a later one whites out is gone', async () => {
    const { digest } = layout('good', [
      'mkdir -p a b/c; echo 1 > a/one; echo 2 > a/two; echo 3 > b/c/three; ln -s /a/one link; chmod 4755 a/two',
      'mkdir a b; : > a/.wh.one; : > b/.wh..wh..opq; echo 4 > b/four',
    ]);
    layout('flat', ['echo plain > file'], '');
    await store.importLayouts();
    expect(store.problems).toEqual(new Map());
    const root = store.found.get('good');
    expect(store.found.get(digest)).toBe(root);
    const files = execFileSync('sh', ['-c', `cd ${root} && find . -type f -o -type l | sort`], { encoding: 'utf8' });
    expect(files.split('\n').filter(Boolean)).toEqual(['./.init', './a/two', './b/four', './link']);
    expect(execFileSync('stat', ['-c', '%a', `${root}/a/two`], { encoding: 'utf8' })).toBe('4755\n');
    expect(readFileSync(`${store.found.get('flat')}/file`, 'utf8')).toBe('plain\n');
  });

  test('no path and no link of a layer leads out of its image', async () => {
    const out = `${folder}/outside`;
    mkdirSync(out);
    const evil = `tar -cf ../l.tar -P --transform 's#^#../../../../..${out}/#' --no-recursion -T /dev/null; echo x > evil; tar -rf ../l.tar -P --transform 's#^evil#${'../'.repeat(12)}${out.slice(1)}/dots#' evil; tar -rf ../l.tar -P --transform 's#^evil#${out}/absolute#' evil`;
    layout('escape', [
      `ln -s ${out} way; ln -s / top`,
      'mkdir way; echo x > way/through; mkdir -p top/x; echo y > top/x/y',
      `mkdir way; : > way/.wh.keep`,
      evil,
    ]);
    writeFileSync(`${out}/keep`, 'kept');
    await store.importLayouts();
    // Most of it is unpacked, and lies inside.
    expect(store.problems.get('escape') ?? '').not.toMatch(/not found/);
    expect(existsSync(`${out}/through`) || existsSync(`${out}/dots`) || existsSync(`${out}/absolute`)).toBe(false);
    expect(readFileSync(`${out}/keep`, 'utf8')).toBe('kept');
    expect(existsSync('/x/y')).toBe(false);
  });

  test('what is not what its digest says, or unreadable, is not offered, and why is said', async () => {
    const { at, layers } = layout('forged', ['echo good > file']);
    const path = `${at}/blobs/${layers[0]?.digest.replace(':', '/')}`;
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(path, bytes);
    mkdirSync(`${folder}/oci/empty`);
    mkdirSync(`${folder}/oci/base`);
    await store.importLayouts();
    expect(store.found.has('forged')).toBe(false);
    expect(store.problems.get('forged')).toMatch(/not what its digest says/);
    expect(store.problems.get('empty')).toMatch(/index\.json/);
    expect(store.found.has('base')).toBe(false);
  });
});
