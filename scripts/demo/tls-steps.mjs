// The steps that give the listener a second frontend with TLS: certificate first, since haproxy accepts no
// configuration that names a file which is not there. Source: contract/amphora-v0.1.md "Certificates".
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { launcher } from './agent.mjs';
import { freePort, loopback } from './loopback.mjs';
import { expectThat, inWords } from './report.mjs';
import { upload } from './upload.mjs';
import { visitTimes } from './traffic.mjs';

const requestCount = 20;
const siteName = 'demo.example';
const fileName = `${siteName}.pem`;

export const tlsSteps = [
  { title: `Upload a certificate for ${siteName}`, run: uploadCertificate },
  { title: 'Add a TLS frontend and reload', run: addTlsFrontend },
  { title: `Send ${requestCount} requests over HTTPS`, run: sendOverTls },
];

async function uploadCertificate(stage) {
  const issued = await issueCertificate(stage);
  const path = `${stage.path}/certificates/${fileName}`;
  const answer = await stage.call('PUT', path, issued.bundle);
  expectThat(answer.status === 201, 'the certificate to be answered with 201', answer);
  const found = await stage.call('GET', path);
  const md5sum = createHash('md5').update(issued.bundle).digest('hex');
  expectThat(found.status === 200 && found.body.md5sum === md5sum, `the MD5 ${md5sum}`, found);
  stage.authority = issued.authority;
  stage.report.outcome('issued by a throw-away authority, stored; the agent gives away its MD5 alone');
  return {};
}

/** Has the agent's own command make an authority and a certificate, in the stage's temporary directory. */
async function issueCertificate(stage) {
  const directory = join(stage.temporary(), 'pki');
  const names = ['--amphora-id', stage.amphoraId, '--name', siteName];
  await promisify(execFile)(launcher, ['certs', '--directory', directory, ...names], {
    signal: stage.signal,
  });
  return {
    bundle: readFileSync(join(directory, 'server.pem')),
    authority: readFileSync(join(directory, 'ca.pem')),
  };
}

async function addTlsFrontend(stage) {
  const certificate = join(stage.certificateDirectory, stage.listener, fileName);
  stage.tls = { port: await freePort(), certificate };
  await upload(stage, stage.members);
  const answer = await stage.call('PUT', `${stage.path}/reload`);
  expectThat(answer.status === 202, 'the reload to be answered with 202', answer);
  const found = await stage.call('GET', stage.path);
  const { type } = found.body;
  expectThat(type === 'TERMINATED_HTTPS', 'the listener to be TERMINATED_HTTPS', found);
  stage.report.outcome(`${loopback}:${stage.tls.port} ends TLS, ${loopback}:${stage.port} goes on without`);
  return {};
}

async function sendOverTls(stage) {
  const { authority, signal, tls } = stage;
  const verify = { ca: authority, servername: siteName };
  const visits = await visitTimes(tls.port, requestCount, signal, verify);
  expectThat(visits.answered === requestCount, `${requestCount} of ${requestCount} answers`, visits);
  const { answered, perMember } = visits;
  stage.report.outcome(`${answered} of ${requestCount} answered, as ${siteName}: ${inWords(perMember)}`);
  return { tls: { name: siteName, requests: requestCount, answered, perMember } };
}
