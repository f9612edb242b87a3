import { createHash } from 'node:crypto';
import { createReadStream, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { z } from 'zod';
import { runTool } from '../drivers/oci/run-tool';

const UNPACK_MS = 10 * 60_000;
const MAX_JSON_BYTES = 4 * 1_048_576;
const MAX_LAYERS = 128;
/** All layers together, unpacked. */
export const MAX_IMAGE_BYTES = 16 * 1_073_741_824;

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is no sha256 digest');
const Descriptor = z.object({
  mediaType: z.string().max(256),
  digest: Digest,
  size: z.int().min(0).max(MAX_IMAGE_BYTES),
  platform: z.object({ architecture: z.string().max(64), os: z.string().max(64) }).optional(),
});
type Descriptor = z.infer<typeof Descriptor>;
const Index = z.object({ manifests: z.array(Descriptor).min(1).max(64) });
const Manifest = z.object({ layers: z.array(Descriptor).min(1).max(MAX_LAYERS) });

const ARCHITECTURES: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };
const LAYERS = /^application\/vnd\.(oci\.image\.layer\.v1|docker\.image\.rootfs\.diff)\.tar(\+gzip|\.gzip)?$/;

/**
 * Unpacks one layer, $3 (compressed when $4 is gzip), over $1/root, of which $5 bytes at most. Everything that touches files runs in a chroot, by
 * a busybox that nothing in there can replace, without the rights to do more than write files: a layer's paths and links end there.
 */
const SCRIPT = `
set -eu
work=$1; busybox=$2; layer=$3; form=$4; most=$5
mount --bind "$busybox" "$work/bin/busybox"; mount -o remount,bind,ro "$work/bin/busybox"
caps=-all,+chown,+dac_override,+fowner,+fsetid,+setfcap,+sys_chroot
inside() { setpriv --bounding-set=$caps chroot "$work" /bin/busybox "$@"; }
plain() { if [ "$form" = gzip ]; then gzip -dc -- "$layer"; else cat -- "$layer"; fi; }
plain | head -c "$most" > "$work/layer.tar"
[ "$(stat -c %s "$work/layer.tar")" -lt "$most" ] || { echo "its layers are larger than $most bytes" >&2; exit 1; }
stat -c %s "$work/layer.tar" > "$work/size"
inside tar -t -f /layer.tar | { grep -E '(^|/)\\.wh\\.' || true; } > "$work/whiteouts"
inside sh -c '
  cd /root
  while IFS= read -r path; do
    name=\${path##*/}; folder=\${path%"$name"}
    case "/$path/" in */../*) echo "a path leads out: $path" >&2; exit 1;; esac
    if [ "$name" = .wh..wh..opq ]; then [ ! -d "./$folder" ] || /bin/busybox find "./$folder" -mindepth 1 -maxdepth 1 -exec /bin/busybox rm -rf -- {} +
    else /bin/busybox rm -rf -- "./$folder\${name#.wh.}"; fi
  done < /whiteouts
  /bin/busybox tar -x --numeric-owner -f /layer.tar -C /root
  while IFS= read -r path; do /bin/busybox rm -rf -- "./$path"; done < /whiteouts
' <&-
rm -f "$work/layer.tar" "$work/whiteouts"
`;

/** What is in a layout: the image for this processor, by the digest of its manifest. @throws Error that says what is wrong with it */
export async function readLayout(layout: string): Promise<{ digest: string; layers: Descriptor[] }> {
  const index = Index.parse(boundedJson(`${layout}/index.json`));
  const wanted = ARCHITECTURES[process.arch];
  const chosen =
    index.manifests.find((m) => m.platform?.architecture === wanted) ?? index.manifests.find((m) => !m.platform);
  if (!chosen) throw new Error(`it has nothing for ${wanted ?? process.arch}`);
  const manifest = Manifest.parse(boundedJson(await verified(layout, chosen)));
  for (const { mediaType } of manifest.layers)
    if (!LAYERS.test(mediaType)) throw new Error(`a layer of the kind ${mediaType} cannot be unpacked`);
  return { digest: chosen.digest, layers: manifest.layers };
}

/** Unpacks a layout below `images`, whole or not at all; gives the folder. Each byte is checked against its digest first. Idempotent. */
export async function unpackLayout(
  images: string,
  layout: string,
  found: { digest: string; layers: readonly Descriptor[] },
  busybox: string,
  signal: AbortSignal,
): Promise<string> {
  const target = `${images}/unpacked/${found.digest.replace(':', '-')}`;
  if (existsSync(target)) return target;
  const work = `${target}.new`;
  await runTool('rm', ['-rf', '--one-file-system', work], { timeoutMs: UNPACK_MS });
  for (const folder of ['bin', 'root']) mkdirSync(`${work}/${folder}`, { recursive: true, mode: 0o755 });
  await runTool('touch', [`${work}/bin/busybox`], { timeoutMs: UNPACK_MS });
  const own = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--net'];
  let left = MAX_IMAGE_BYTES;
  for (const layer of found.layers) {
    const blob = await verified(layout, layer);
    const form = /gzip$/.test(layer.mediaType) ? 'gzip' : 'tar';
    const args = [work, busybox, blob, form, String(left)];
    await runTool('unshare', [...own, 'sh', '-c', SCRIPT, 'unpack', ...args], { timeoutMs: UNPACK_MS, signal });
    left -= Number(readFileSync(`${work}/size`, 'utf8'));
  }
  // What every sliver's root needs, whatever the image has in its place.
  const init = `${work}/root/.init`;
  await runTool('sh', ['-c', 'rm -rf -- "$1" && : > "$1"', 'sh', init], { timeoutMs: UNPACK_MS });
  for (const folder of ['dev', 'proc', 'sys'])
    if (!lstatSync(`${work}/root/${folder}`, { throwIfNoEntry: false })) mkdirSync(`${work}/root/${folder}`);
  renameSync(`${work}/root`, target);
  await runTool('rm', ['-rf', '--one-file-system', work], { timeoutMs: UNPACK_MS });
  return target;
}

function boundedJson(path: string): unknown {
  if (statSync(path).size > MAX_JSON_BYTES) throw new Error(`${path} is too large`);
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** The blob's path, when it is what its descriptor says. */
async function verified(layout: string, { digest, size }: Descriptor): Promise<string> {
  const path = `${layout}/blobs/${digest.replace(':', '/')}`;
  if (!lstatSync(path).isFile()) throw new Error(`${digest} is no plain file`);
  if (statSync(path).size !== size) throw new Error(`${digest} has not the size that is said of it`);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer); // a stream of bytes gives bytes
  if (`sha256:${hash.digest('hex')}` !== digest) throw new Error(`${digest} is not what its digest says`);
  return path;
}
