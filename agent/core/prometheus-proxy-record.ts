// Who the prometheus proxy is, kept for the next agent: one small JSON file.

import type { Files } from '../host/files';
import type { ServiceProcess } from '../supervisor/service';

export interface ProxyRecord {
  readonly process: ServiceProcess;
  /** The agent's version that started it. */
  readonly version: string;
}

/** Reads the record; undefined when there is none that can be read: the process is then nobody's. */
export async function readProxyRecord(files: Files, path: string): Promise<ProxyRecord | undefined> {
  const text = await files.readText(path);
  if (text === undefined) return undefined;
  try {
    return recordOf(JSON.parse(text));
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

/** Writes the record durably. */
export async function writeProxyRecord(files: Files, path: string, record: ProxyRecord): Promise<void> {
  await files.writeAtomic(path, `${JSON.stringify({ ...record.process, version: record.version })}\n`, 0o600);
}

function recordOf(found: unknown): ProxyRecord | undefined {
  if (typeof found !== 'object' || found === null) return undefined;
  const { pid, startTicks, bootId, version } = found as Readonly<Record<string, unknown>>;
  const isWhole =
    Number.isSafeInteger(pid) && [startTicks, bootId, version].every((value) => typeof value === 'string');
  if (!isWhole) return undefined;
  return {
    process: { pid: Number(pid), startTicks: String(startTicks), bootId: String(bootId) },
    version: String(version),
  };
}
