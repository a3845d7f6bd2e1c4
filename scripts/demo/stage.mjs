// What one run of the demo has in hand (names, ports, backends, the API), and how it leaves the machine as it was.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes the stage of one run against an agent. */
export function createStage({ agent, report, signal }) {
  const listener = randomUUID();
  const { api } = agent;
  return {
    api,
    report,
    signal,
    amphoraId: agent.amphoraId,
    certificateDirectory: agent.certificateDirectory,
    listener,
    path: `/v0.1/listeners/${listener}`,
    pool: randomUUID(),
    members: ['alpha', 'beta'].map((name) => ({ name, uuid: randomUUID() })),
    /** Whether the agent may have something of this listener. */
    uploaded: false,
    directories: [],
    /** Makes a directory that goes with the stage. */
    temporary() {
      const directory = mkdtempSync(join(tmpdir(), 'ampd-'));
      this.directories.push(directory);
      return directory;
    },
    /** Calls the API and reports it. */
    async call(method, path, body) {
      const answer = await api.call(method, path, { body, signal });
      report.call(method, path, answer);
      return answer;
    },
  };
}

/** Deletes the listener where it is still there, and closes the backends. Throws when the agent will not delete it. */
export async function clearStage(stage) {
  try {
    if (stage.uploaded) {
      const answer = await stage.api.call('DELETE', stage.path);
      if (answer.status !== 200 && answer.status !== 404) {
        throw new Error(`listener ${stage.listener} is left behind: ${answer.status} ${answer.text}`);
      }
    }
  } finally {
    for (const { backend } of stage.members) backend?.close();
    for (const directory of stage.directories) rmSync(directory, { recursive: true, force: true });
  }
}
