// The controllers: each has listeners of its own and shares others, and goes on with one task after the other, agent
// or no agent. A task is a few calls in a row, as a controller would make them.
import { setTimeout as sleep } from 'node:timers/promises';
import { isRefused } from '../../scripts/demo/loopback.mjs';
import { createCaller } from './calls.mjs';
import { badTexts } from './configuration.mjs';
import { dialects } from './dialects.mjs';
import { createUser, fingerprintAt } from './traffic.mjs';

const pauseMs = [0, 250];
const weights = {
  deploy: 40,
  upload: 8,
  reload: 8,
  burst: 4,
  restart: 8,
  recreate: 5,
  read: 12,
  survey: 6,
  renew: 8,
  spare: 6,
  refused: 10,
};

/** Makes a controller of some listeners of `all`, all of its dialect. */
export function createController({ name, dialect, listeners, all = listeners, stage, random }) {
  const caller = createCaller({ stage, random });
  const { surveys } = dialects[dialect];
  const context = { ...stage, all, surveys, call: caller.call, survey: caller.survey, random };
  return {
    /** Works until the signal of its end has come. */
    async run(ended) {
      while (!ended.aborted) {
        const listener = random.pick(listeners);
        const task = random.weighted(weights);
        stage.report.count(`tasks of controller ${name}`);
        await tasks[task](context, listener);
        await sleep(random.integer(...pauseMs));
      }
    },
    /** Brings all its listeners into service. */
    async begin() {
      for (const listener of listeners) await deploy(context, listener);
    },
    close: caller.close,
  };
}

const tasks = {
  deploy,
  upload,
  reload: (context, listener) => activate(context, listener, 'reload'),
  async burst({ call }, listener) {
    await Promise.all(Array.from({ length: 4 }, () => call(listener, 'reload')));
  },
  async restart(context, listener) {
    if ((await context.call(listener, 'stop')) === 202) await mustRefuse(context, listener);
    await activate(context, listener, 'start');
  },
  async recreate(context, listener) {
    await context.call(listener, 'delete');
    await context.call(listener, 'readText');
    await deploy(context, listener);
  },
  async read({ call }, listener) {
    await call(listener, 'readText');
    await call(listener, 'readStatus');
  },
  survey({ survey, surveys, random, all }) {
    return survey(random.pick(surveys), all);
  },
  async renew(context, listener) {
    if (listener.tlsPort === null) return;
    await putCertificate(context, listener);
    await activate(context, listener, 'reload');
  },
  async spare({ call, random, bundles }, listener) {
    const bundle = random.integer(0, bundles.length - 1);
    const shouldDelete = random.chance(0.4);
    await call(listener, 'putSpare', { bundle, body: bundles[bundle].pem });
    await call(listener, 'readSpare', { bundles });
    if (shouldDelete) await call(listener, 'deleteSpare');
    await call(listener, 'readSpare', { bundles });
  },
  async refused({ call, random, bundles, hugeText }, listener) {
    const kind = random.weighted({
      badUpload: 4,
      badCertificate: 3,
      hugeUpload: 2,
      badAction: 2,
      foreignDelete: 2,
    });
    const bodies = {
      badUpload: random.pick(badTexts),
      badCertificate: random.pick(['no certificate', bundles[0].pem.slice(0, 400), bundles.mismatch]),
      hugeUpload: hugeText,
    };
    await call(listener, kind, { body: bodies[kind] });
    await call(listener, 'readText');
  },
};

async function deploy(context, listener) {
  if ((await upload(context, listener)) === 201) await activate(context, listener, 'reload');
}

async function upload(context, listener) {
  const { call, random } = context;
  const move = random.chance(0.12);
  const paddingLines = random.chance(0.2) ? random.integer(100, 1_200) : 0;
  const needsOne = listener.knowledge.possible().some(({ certificate }) => certificate === null);
  if (listener.tlsPort !== null && needsOne) await putCertificate(context, listener);
  const { text, ...version } = listener.newVersion({ move, paddingLines });
  const status = await call(listener, 'upload', { version, body: text });
  if (status === 201 && random.chance(0.3)) await call(listener, 'readText');
  return status;
}

function putCertificate({ call, random, bundles }, listener) {
  const bundle = random.integer(0, bundles.length - 1);
  return call(listener, 'putCertificate', { bundle, body: bundles[bundle].pem });
}

/** Starts or reloads, and sees at once on a new connection what then serves. */
async function activate(context, listener, kind) {
  const { call, report, authorities } = context;
  if ((await call(listener, kind)) !== 202) return;
  const user = createUser(listener, { isKept: false, report });
  await user.visit();
  user.close();
  if (listener.tlsPort !== null)
    await seeCertificate(listener, { report, authorities, bundles: context.bundles });
}

async function seeCertificate(listener, { report, authorities, bundles }) {
  const { seen, end } = listener.watch();
  try {
    const fingerprint = await fingerprintAt(listener.tlsPort, { ca: authorities });
    const bundle = bundles.findIndex((one) => one.fingerprint === fingerprint);
    report.count('listener certificates seen');
    if (!seen.served.has(bundle)) {
      report.violation(
        `${listener.name}: certificate ${bundle} is served, expected ${[...seen.served].join(' or ')}`,
      );
    }
  } catch (thrown) {
    if (seen.isSure) report.violation(`${listener.name}: no TLS handshake: ${thrown.code ?? thrown.message}`);
  } finally {
    end();
  }
}

/** After a stop was answered nobody listens any more. */
async function mustRefuse({ report }, listener) {
  const { seen, end } = listener.watch();
  const answers = await Promise.all(
    listener.ports.map(async (port) => ({ port, refused: await isRefused(port) })),
  );
  end();
  const open = answers.filter(({ refused }) => !refused).map(({ port }) => port);
  if (seen.isStopped && open.length > 0) {
    report.violation(`${listener.name}: stopped, and port ${open.join(', ')} is open`, { id: listener.id });
  }
}
