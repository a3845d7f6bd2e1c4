// Builds a bootable amphora: Debian with cloud-init and amphorad-bundled, for clouds and for qemu.
// usage: npm run image [-- --format qcow2|raw] [-- --out DIR] [-- --package FILE] [-- --size 2G]
// Writes amphora.<format>, and vmlinuz and initrd for a boot without a boot loader. Needs root, and some minutes.
// Exit 77: this machine cannot; it says why.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { makeDisk } from './image/disk.mjs';
import { makeRoot } from './image/root.mjs';
import { sourceDate } from './package/epoch.mjs';

const cannotRun = 77;
const repository = join(import.meta.dirname, '..');
const tools = ['mmdebstrap', 'mke2fs', 'sfdisk', 'grub-mkimage', 'mkfs.vfat', 'mcopy', 'qemu-img'];

/** What a run needs and does not find. */
function missing() {
  if (process.getuid() !== 0) return 'only root can make a Debian root with what belongs to others in it';
  const absent = tools.find((name) => spawnSync(name, ['--version']).error);
  if (absent !== undefined) return `${absent} is not installed`;
  const loader = ['i386-pc', 'x86_64-efi'].find((name) => !existsSync(`/usr/lib/grub/${name}`));
  return loader && `GRUB for ${loader} is not installed`;
}

async function main() {
  const { values } = parseArgs({
    options: {
      format: { type: 'string', default: 'qcow2' },
      out: { type: 'string', default: join(repository, 'out') },
      package: { type: 'string' },
      size: { type: 'string', default: '2G' },
    },
  });
  if (!['qcow2', 'raw'].includes(values.format)) throw new Error('--format: expected qcow2 or raw');
  const sizeBytes = bytesOf(values.size);
  if (values.package !== undefined && !existsSync(values.package))
    throw new Error(`--package: there is no ${values.package}`);
  const obstacle = missing();
  if (obstacle !== undefined) {
    process.stdout.write(`image cannot be built here: ${obstacle}\n`);
    return cannotRun;
  }
  const out = resolve(values.out);
  mkdirSync(out, { recursive: true });
  const raw = join(out, 'amphora.raw.new');
  const epoch = sourceDate(repository);
  // mmdebstrap takes no blanks.
  const scratch = mkdtempSync(join(tmpdir(), 'amphora-image-'));
  try {
    const packagePath = values.package === undefined ? builtPackage(scratch) : resolve(values.package);
    const root = join(scratch, 'root');
    await makeRoot({ directory: root, packagePath, epoch });
    for (const [from, to] of [
      ['vmlinuz', 'vmlinuz'],
      ['initrd.img', 'initrd'],
    ])
      copyFileSync(join(root, from), join(out, to));
    makeDisk({ root, path: raw, sizeBytes, scratch, epoch });
    const image = join(out, `amphora.${values.format}`);
    if (values.format === 'raw') renameSync(raw, image);
    else execFileSync('qemu-img', ['convert', '-c', '-O', 'qcow2', raw, image]);
    const mebibytes = Math.round((statSync(image).blocks * 512) / 1024 / 1024);
    process.stdout.write(`${image}: ${mebibytes} MiB on disk\n`);
  } finally {
    rmSync(raw, { force: true });
    rmSync(scratch, { recursive: true, force: true });
  }
  return 0;
}

function builtPackage(scratch) {
  const words = [join(import.meta.dirname, 'package.mjs'), '--only', 'amphorad-bundled', '--out', scratch];
  const told = execFileSync(process.execPath, words, { encoding: 'utf8' });
  return join(scratch, told.trim().split(/\s+/)[1]);
}

function bytesOf(text) {
  const [, count, unit] = /^(\d+)([MG])$/.exec(text) ?? [];
  if (count === undefined) throw new Error('--size: expected a number and M or G, such as 2G');
  return Number(count) * 1024 * 1024 * (unit === 'G' ? 1024 : 1);
}

process.exitCode = await main();
