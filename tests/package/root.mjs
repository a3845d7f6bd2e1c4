// A clean Debian root with what the packages depend on and nothing more, and what runs in it.
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

const sbin = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const environment = { PATH: sbin, HOME: '/root', LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
const notCompared = /^\/(proc|run|tmp|root|var\/(cache|log)|var\/lib\/dpkg)(\/|$)/;
const readyMs = 30_000;

/** Makes the root below `parent`, with these Debian packages. Throws with mmdebstrap's words. */
export function makeRoot(parent, packages) {
  // mmdebstrap takes no blanks.
  const root = mkdtempSync(join(parent, 'amphorad-root-'));
  const words = ['--quiet', '--variant=minbase', `--include=${packages.join(',')}`, release(), root, '-'];
  const made = spawnSync('mmdebstrap', words, { input: aptSources(), encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`mmdebstrap: ${made.stderr.trim().slice(-500)}`);
  const mounted = spawnSync('mount', ['-t', 'proc', 'proc', join(root, 'proc')], { encoding: 'utf8' });
  if (mounted.status !== 0) throw new Error(`mount: ${mounted.stderr}`);
  return {
    path: root,
    at: (path) => join(root, path),
    /** Runs a program in it to its end, other things going on; the output. Rejects with it on another status than 0. */
    run: (...argv) => runIn(root, argv),
    startAgent: (...argv) => startAgent(root, argv),
    /** Pids of processes in it whose program has this name. */
    pidsOf: (name) => processesIn(root).filter((pid) => programOf(pid) === name),
    /** Ends those processes. */
    end: (name) =>
      signal(
        processesIn(root).filter((pid) => programOf(pid) === name),
        'SIGTERM',
      ),
    /** All that lies in it, but for what any package leaves behind. */
    list: () => listBelow(root),
    remove() {
      signal(processesIn(root), 'SIGKILL');
      spawnSync('umount', [join(root, 'proc')]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function runIn(root, argv) {
  const child = spawn('chroot', [root, ...argv], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (told += chunk));
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  if (status !== 0) throw new Error(`${argv.join(' ')}: status ${status}: ${told.trim().slice(-600)}`);
  return told;
}

function release() {
  return /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'stable';
}

function aptSources() {
  const further = '/etc/apt/sources.list.d';
  const names = existsSync(further)
    ? readdirSync(further).filter((name) => /\.(list|sources)$/.test(name))
    : [];
  const paths = ['/etc/apt/sources.list', ...names.map((name) => join(further, name))];
  return paths
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
}

/** Starts the agent, as a unit would; resolves when it answers, with its ready line. */
async function startAgent(root, argv) {
  const words = [root, '/usr/bin/amphorad', '--ready-json', ...argv];
  const child = spawn('chroot', words, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  child.stderr.on('data', (chunk) => (told += chunk));
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  const line = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready within ${readyMs} ms: ${told}`)), readyMs);
    createInterface({ input: child.stdout }).once('line', (text) => {
      clearTimeout(timer);
      resolve(text);
    });
    void ended.then((status) => reject(new Error(`ended with ${status}: ${told.slice(-600)}`)));
  });
  return {
    ...JSON.parse(line),
    isRunning: () => child.exitCode === null && child.signalCode === null,
    /** Ends it as systemd does; resolves with the status. */
    end() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

function processesIn(root) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => linkOf(`/proc/${pid}/root`) === root);
}

/** One may have gone with its master meanwhile. */
function signal(pids, name) {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (thrown) {
      if (thrown.code !== 'ESRCH') throw thrown;
    }
  }
}

function programOf(pid) {
  return basename(linkOf(`/proc/${pid}/exe`) ?? '');
}

function linkOf(path) {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function listBelow(root) {
  const entries = [];
  const walk = (directory) => {
    for (const entry of readdirSync(join(root, directory), { withFileTypes: true })) {
      const path = `${directory}/${entry.name}`;
      if (notCompared.test(path)) continue;
      entries.push(path);
      if (entry.isDirectory()) walk(path);
    }
  };
  walk('');
  return entries.sort();
}
