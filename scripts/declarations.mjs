// Writes dist/types/: what the harness kit's consumers compile against. Each file is translated by itself, from the
// package's door on through what the declarations import; nothing else of the agent is told.
import { mkdirSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

const root = join(import.meta.dirname, '..');
const agent = join(root, 'agent');
const out = join(root, 'dist', 'types');

function declare(source) {
  const given = readFileSync(source, 'utf8');
  if (source.endsWith('.d.ts')) return given;
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(given, {
    fileName: source,
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.Node20,
      isolatedDeclarations: true,
    },
    reportDiagnostics: true,
  });
  const faults = diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  if (faults.length > 0) throw new Error(`${source}: ${faults.join('\n')}`);
  return outputText;
}

const told = /^(testing|client|generated)\//;

function write(source, done) {
  if (done.has(source)) return;
  const name = relative(agent, source);
  if (!told.test(name))
    throw new Error(`what the harness kit exports leads to agent/${name}: keep that type inside`);
  done.add(source);
  const text = declare(source);
  const target = join(out, name.replace(/(\.d)?\.ts$/, '.d.ts'));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
  for (const [, from] of text.matchAll(/(?:from|import\()\s*['"](\.[^'"]+)['"]/g)) {
    const path = join(dirname(source), from);
    write([`${path}.ts`, `${path}.d.ts`].find(existsSync), done);
  }
}

rmSync(out, { recursive: true, force: true });
write(join(agent, 'testing', 'index.ts'), new Set());
