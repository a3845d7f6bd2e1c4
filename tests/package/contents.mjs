// What is in a package, held against the bundler's own word: bill of materials, licences, checksums, overridable templates.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { must } from './run.mjs';

const text = (path) => readFileSync(path, 'utf8');

/** Unpacks each package into `<scratch>/tree-<name>` and looks. */
export async function contentSteps({ run, repository, scratch, built }) {
  process.env.SOURCE_DATE_EPOCH = built.epoch;
  const { metafile } = await import(join(repository, 'scripts/build.mjs'));
  const inside = inTheBundles(repository, metafile);
  run.tell(`${inside.length} npm packages in the bundles`);
  for (const { name, path } of built.packages) {
    const tree = join(scratch, `tree-${name}`);
    execFileSync('dpkg-deb', ['--raw-extract', path, tree]);
    const doc = join(tree, 'usr/share/doc', name);
    const bom = JSON.parse(text(join(doc, 'sbom.cdx.json')));
    await run.step(`${name}: the SBOM lists what is in the bundles, each with its licence`, () =>
      compareBom(bom, inside, name),
    );
    await run.step(`${name}: the SBOM has the form of CycloneDX 1.5`, () => checkForm(bom));
    await run.step(`${name}: the copyright file has every licence`, () =>
      checkCopyright(text(join(doc, 'copyright')), inside, name),
    );
    await run.step(`${name}: checksums, conffiles and built-in templates are those of the files`, () =>
      checkFiles(repository, tree),
    );
    await run.step(`${name}: what else of Debian has one of its files is replaced by it`, () =>
      checkOwners(tree),
    );
  }
}

/** Which packages the bundler read anything from, with what each says of itself. */
function inTheBundles(repository, metafile) {
  const inputs = ['dist/amphorad.cjs', 'dist/prometheus-proxy.cjs'].flatMap((path) =>
    Object.keys(metafile.outputs[path].inputs),
  );
  const directories = inputs.flatMap((path) => {
    const at = path.lastIndexOf('node_modules/');
    if (at === -1) return [];
    const words = path.slice(at + 'node_modules/'.length).split('/');
    return [
      path.slice(0, at) + ['node_modules', ...words.slice(0, words[0].startsWith('@') ? 2 : 1)].join('/'),
    ];
  });
  return [...new Set(directories)].map((directory) => {
    const { name, version, license } = JSON.parse(text(join(repository, directory, 'package.json')));
    const files = readdirSync(join(repository, directory)).filter((each) => /^licen[cs]e/i.test(each));
    return { name, version, license, texts: files.map((each) => text(join(repository, directory, each))) };
  });
}

function compareBom({ components }, inside, name) {
  const listed = components
    .filter(({ type }) => type === 'library')
    .map((each) => `${each.name}@${each.version}`);
  const expected = inside.map((each) => `${each.name}@${each.version}`);
  must(
    listed.sort().join(' ') === expected.sort().join(' '),
    `it lists ${listed.length} of ${expected.length}`,
  );
  for (const each of inside) {
    const { licenses } = components.find((one) => one.name === each.name && one.version === each.version);
    const told = licenses[0].expression ?? licenses[0].license.id;
    must(told === each.license, `${each.name} is under ${each.license}, not ${told}`);
  }
  const node = components.find(({ type }) => type === 'platform');
  must(
    (node !== undefined) === (name === 'amphorad-bundled'),
    'Node is listed where it is not, or not where it is',
  );
}

/** The required fields, and the forms of those that we use: cyclonedx.org/docs/1.5/json. */
function checkForm({ bomFormat, specVersion, serialNumber, version, metadata, components, dependencies }) {
  must(bomFormat === 'CycloneDX' && specVersion === '1.5' && version === 1, 'its head is not that of 1.5');
  must(
    /^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(serialNumber),
    `serial number ${serialNumber}`,
  );
  must(!Number.isNaN(Date.parse(metadata.timestamp)), 'its time is none');
  const references = [metadata.component, ...components].map((each) => each['bom-ref']);
  must(new Set(references).size === references.length, 'two components have one bom-ref');
  for (const each of [metadata.component, ...components]) {
    must(['application', 'library', 'platform'].includes(each.type), `${each.name}: type ${each.type}`);
    must(/^pkg:(npm|deb)\/[\w.%/-]+@[\w.+%-]+$/.test(each.purl), `${each.name}: purl ${each.purl}`);
    must(each.licenses.length === 1, `${each.name} has no licence`);
  }
  const known = new Set(references);
  const named = dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]);
  must(
    named.every((ref) => known.has(ref)),
    'it depends on what it does not list',
  );
}

function checkCopyright(copyright, inside, name) {
  for (const each of inside) {
    must(
      copyright.includes(`${each.name} ${each.version} is under ${each.license}.`),
      `nothing on ${each.name}`,
    );
    const holders = each.texts.flatMap((one) => one.match(/^.*Copyright \(c\).*$/gim) ?? []);
    // Of the text of the GPL itself, which every Debian system has.
    for (const line of holders.filter((one) => !one.includes('Free Software Foundation'))) {
      must(copyright.includes(line.trim()), `${each.name}: "${line.trim()}" is left out`);
    }
  }
  must(name !== 'amphorad-bundled' || copyright.includes('NOTICES.node.gz'), 'nothing on Node');
}

/** dpkg refuses a file that another package has. Of those that are installed here. */
function checkOwners(tree) {
  const paths = text(join(tree, 'DEBIAN/md5sums'))
    .trimEnd()
    .split('\n')
    .map((line) => `/${line.split('  ')[1]}`);
  const links = readdirSync(join(tree, 'usr/bin')).map((each) => `/usr/bin/${each}`);
  const { stdout } = spawnSync('dpkg', ['--search', ...paths, ...links], { encoding: 'utf8' });
  const owners = new Set(
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((line) => line.split(': ')[0].split(', ')),
  );
  const control = text(join(tree, 'DEBIAN/control'));
  const others = (/^Conflicts: (.*)$/m.exec(control)?.[1] ?? '').split(', ');
  for (const owner of owners)
    must(owner.startsWith('amphorad') || others.includes(owner), `${owner} has a file of it`);
}

function checkFiles(repository, tree) {
  const sums = text(join(tree, 'DEBIAN/md5sums')).trimEnd().split('\n');
  for (const line of sums) {
    const [sum, path] = line.split('  ');
    const found = createHash('md5')
      .update(readFileSync(join(tree, path)))
      .digest('hex');
    must(found === sum, `the checksum of ${path}`);
  }
  for (const path of text(join(tree, 'DEBIAN/conffiles')).trimEnd().split('\n')) {
    must(path.startsWith('/etc/') && existsSync(join(tree, path)), `the conffile ${path}`);
  }
  for (const script of ['postinst', 'prerm', 'postrm']) {
    must((statSync(join(tree, 'DEBIAN', script)).mode & 0o777) === 0o755, `the mode of ${script}`);
  }
  for (const name of readdirSync(join(repository, 'templates'))) {
    const shipped = text(join(tree, 'usr/share/amphorad/templates', name));
    must(shipped === text(join(repository, 'templates', name)), `the template ${name}`);
    must(
      text(join(tree, 'etc/amphorad/templates/README')).includes(name),
      `the README does not name ${name}`,
    );
  }
}
