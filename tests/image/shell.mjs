// Runs commands in the guest, by the shell on its second serial port.
import { randomUUID } from 'node:crypto';
import { createConnection } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from './run.mjs';

const pingMs = 1000;

/** A shell that may not be there yet; see `ready`. */
export function openShell(path) {
  const socket = createConnection(path);
  let told = '';
  let look = () => undefined;
  socket.setEncoding('utf8');
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    told += chunk;
    look();
  });
  return {
    /** Waits until it listens: what comes before is lost in a serial port that nobody reads. */
    async ready(timeoutMs) {
      const mark = randomUUID();
      await eventually(async () => {
        socket.write(`\necho "${mark.slice(0, 18)}""${mark.slice(18)}"\n`);
        await pause(pingMs);
        return told.includes(mark) || undefined;
      }, timeoutMs);
    },
    /** What a script prints; rejects on another status than 0. One at a time. */
    run(script, timeoutMs = 60_000) {
      const mark = randomUUID();
      const end = new RegExp(`([\\s\\S]*)\\n${mark} (\\d+)\\r?\\n`);
      const encoded = Buffer.from(script)
        .toString('base64')
        .replace(/.{1,200}/g, '$&\n');
      told = '';
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => finish(new Error(`no answer to ${script.slice(0, 200)}: ${told.slice(-300)}`)),
          timeoutMs,
        );
        const finish = (error, text) => {
          clearTimeout(timer);
          look = () => undefined;
          if (error) reject(error);
          else resolve(text);
        };
        look = () => {
          const found = end.exec(told);
          if (found === null) return;
          const text = found[1].replaceAll('\r', '').trim();
          if (found[2] === '0') finish(undefined, text);
          else finish(new Error(`status ${found[2]} of ${script.slice(0, 200)}: ${text.slice(-600)}`));
        };
        const parts = `"${mark.slice(0, 18)}""${mark.slice(18)} $s"`;
        const call = `bash /run/test.sh 2>&1 </dev/null; s=$?; echo; echo ${parts}`;
        socket.write(`base64 -d <<'E' >/run/test.sh\n${encoded}E\n${call}\n`);
      });
    },
    close: () => socket.destroy(),
  };
}
