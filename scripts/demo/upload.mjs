// The upload of the listener's configuration, as each step that changes it makes it.
import { renderConfiguration } from './configuration.mjs';
import { expectThat } from './report.mjs';

/** Uploads the configuration with these members, and with the TLS frontend once the stage has one. */
export async function upload(stage, members) {
  const { listener, port, pool, tls } = stage;
  // Before the call: an upload that is cut short may have been stored all the same.
  stage.uploaded = true;
  const answer = await stage.call(
    'PUT',
    `/v0.1/listeners/${stage.amphoraId}/${listener}/haproxy`,
    renderConfiguration({ listener, port, pool, members, tls }),
  );
  expectThat(answer.status === 201, 'the upload to be answered with 201', answer);
}
