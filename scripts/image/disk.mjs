// A disk that boots by itself, by BIOS and by UEFI: partition table, boot loader, root file system. No loop device is
// needed: partitions are files that are put at their places. GRUB's manual has what boot.img and core.img want to know.
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const sector = 512;
const mebibyte = 1024 * 1024;
// The root is last, so that it can grow.
const biosBoot = { start: 1 * mebibyte, size: 1 * mebibyte };
const efi = { start: 2 * mebibyte, size: 14 * mebibyte };
const rootStart = 16 * mebibyte;
// The table's copy lies at the end of the disk.
const tableCopy = mebibyte;
// The same in every image: nothing finds a disk by them, labels do.
const ids = {
  disk: '6d2ac5f8-4e0b-4d5c-9b0e-0d5c3f2a9a10',
  bios: '6d2ac5f8-4e0b-4d5c-9b0e-0d5c3f2a9a11',
  efi: '6d2ac5f8-4e0b-4d5c-9b0e-0d5c3f2a9a12',
  root: '6d2ac5f8-4e0b-4d5c-9b0e-0d5c3f2a9a13',
};
const modules = [
  'part_gpt',
  'ext2',
  'search',
  'search_label',
  'normal',
  'configfile',
  'linux',
  'serial',
  'terminal',
  'echo',
];
// Offsets in GRUB's two first sectors.
const whereCoreLies = 0x5c;
const whereRestOfCoreLies = 0x1f4;

/** Writes a raw disk of `sizeBytes` with the root directory on it. */
export function makeDisk({ root, path, sizeBytes, scratch, epoch }) {
  writeFileSync(path, '');
  truncateSync(path, sizeBytes);
  partition(path);
  const rootSize = sizeBytes - rootStart - tableCopy;
  const env = { ...process.env, E2FSPROGS_FAKE_TIME: String(epoch), SOURCE_DATE_EPOCH: String(epoch) };
  const features = `offset=${rootStart},hash_seed=${ids.root},lazy_itable_init=1`;
  const words = ['-q', '-F', '-t', 'ext4', '-L', 'amphora', '-U', ids.root, '-E', features, '-d', root];
  execFileSync('mke2fs', [...words, path, `${rootSize / 1024}k`], { env });
  const config = join(scratch, 'early.cfg');
  writeFileSync(config, 'search --no-floppy --label amphora --set root\nset prefix=($root)/boot/grub\n');
  bootByBios({ path, scratch, config });
  bootByUefi({ path, scratch, config, env });
}

function partition(path) {
  const table = [
    'label: gpt',
    `label-id: ${ids.disk}`,
    'first-lba: 34',
    line(biosBoot, '21686148-6449-6E6F-744E-656564454649', ids.bios),
    line(efi, 'C12A7328-F81F-11D2-BA4B-00A0C93EC93B', ids.efi),
    `start=${rootStart / sector}, size=+, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, uuid=${ids.root}`,
  ];
  execFileSync('sfdisk', ['--quiet', path], {
    input: `${table.join('\n')}\n`,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
}

function line({ start, size }, type, uuid) {
  return `start=${start / sector}, size=${size / sector}, type=${type}, uuid=${uuid}`;
}

function bootByBios({ path, scratch, config }) {
  const directory = '/usr/lib/grub/i386-pc';
  const core = join(scratch, 'core.img');
  grubImage({ format: 'i386-pc', out: core, config, extra: ['biosdisk'] });
  const first = biosBoot.start / sector;
  const boot = readFileSync(join(directory, 'boot.img')).subarray(0, 440);
  boot.writeBigUInt64LE(BigInt(first), whereCoreLies);
  const image = readFileSync(core);
  if (image.length > biosBoot.size) throw new Error(`GRUB's core has ${image.length} bytes`);
  image.writeBigUInt64LE(BigInt(first + 1), whereRestOfCoreLies);
  image.writeUInt16LE(Math.ceil(image.length / sector) - 1, whereRestOfCoreLies + 8);
  put(path, 0, boot);
  put(path, biosBoot.start, image);
}

function bootByUefi({ path, scratch, config, env }) {
  const loader = join(scratch, 'BOOTX64.EFI');
  grubImage({ format: 'x86_64-efi', out: loader, config, extra: ['part_msdos', 'fat', 'efi_gop'] });
  const fat = join(scratch, 'efi.img');
  writeFileSync(fat, '');
  truncateSync(fat, efi.size);
  execFileSync('mkfs.vfat', ['--invariant', '-i', '414d5048', '-n', 'ESP', fat], { env, stdio: 'ignore' });
  execFileSync('mmd', ['-i', fat, '::/EFI', '::/EFI/BOOT'], { env });
  execFileSync('mcopy', ['-m', '-i', fat, loader, '::/EFI/BOOT/BOOTX64.EFI'], { env });
  put(path, efi.start, readFileSync(fat));
}

function grubImage({ format, out, config, extra }) {
  const words = ['-O', format, '-o', out, '-c', config, '-p', '/boot/grub', ...modules, ...extra];
  execFileSync('grub-mkimage', words);
}

function put(path, offset, bytes) {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, bytes, 0, bytes.length, offset);
  } finally {
    closeSync(file);
  }
}
