// Templates in force: those built in, and in their place what an operator has put into the directory of templates, by the
// same names. The compiler is loaded only when there is one. Source: contract/agent-conf.md, etc/amphorad/templates/README.

import { join } from 'node:path';
import type { Files } from '../host/files';
import { AgentError, invalidInput, messageOf } from '../model/errors';
import type { ReadTemplates, Template, TemplateName, TemplateReport, Templates } from '../model/template';
import { builtInTemplates } from './built-in-templates';
import { tryTemplate } from './template-trials';

export interface LoadedTemplates {
  readonly templates: Templates;
  readonly report: TemplateReport;
}

const suffix = '.hbs';
const longestReason = 300;

/** Reads the directory; undefined: the built-in ones alone. What is wrong is in the report, and its template is then the built-in one. */
export async function loadTemplates(directory: string | undefined, files: Files): Promise<LoadedTemplates> {
  const templates: Record<TemplateName, Template> = { ...builtInTemplates };
  const found = { overridden: [] as string[], problems: [] as { path: string; reason: string }[] };
  const { names, unknown, unreadable } = await namesIn(directory, files);
  for (const name of names) {
    const path = join(directory ?? '', `${name}${suffix}`);
    try {
      templates[name] = await compile(path, files);
      tryTemplate(name, templates[name]);
      found.overridden.push(path);
    } catch (thrown) {
      templates[name] = builtInTemplates[name];
      found.problems.push({ path, reason: reasonOf(thrown) });
    }
  }
  const problems = [...unreadable, ...found.problems];
  return { templates, report: { ...found, problems, unknown } };
}

/** Makes what tells of a directory of templates without using them. */
export function createReadTemplates(files: Files): ReadTemplates {
  return async (directory) => (await loadTemplates(directory, files)).report;
}

/** The templates for an agent that starts. Throws `invalid-input` with each file that cannot be used and why. */
export function requireUsable({ templates, report }: LoadedTemplates): Templates {
  const faults = report.problems.map(({ path, reason }) => `${path}: ${reason}`);
  if (faults.length > 0) throw invalidInput('a template cannot be used', faults.join('; '));
  return templates;
}

interface Names {
  readonly names: readonly TemplateName[];
  readonly unknown: readonly string[];
  readonly unreadable: TemplateReport['problems'];
}

async function namesIn(directory: string | undefined, files: Files): Promise<Names> {
  if (directory === undefined) return { names: [], unknown: [], unreadable: [] };
  try {
    const entries = (await files.list(directory)).filter((entry) => entry.endsWith(suffix));
    const known = entries.map((entry) => entry.slice(0, -suffix.length)).filter(isTemplateName);
    const unknown = entries.filter((entry) => !isTemplateName(entry.slice(0, -suffix.length)));
    return { names: known, unknown: unknown.map((entry) => join(directory, entry)), unreadable: [] };
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    return { names: [], unknown: [], unreadable: [{ path: directory, reason: reasonOf(thrown) }] };
  }
}

function isTemplateName(name: string): name is TemplateName {
  return Object.hasOwn(builtInTemplates, name);
}

async function compile(path: string, files: Files): Promise<Template> {
  const source = await files.readHostText(path);
  if (source === undefined) throw invalidInput('it is gone, or a link to nothing');
  const { default: handlebars } = await import('handlebars');
  const render = handlebars.compile<object>(source, { noEscape: true, strict: true });
  return (view) => {
    try {
      return render(view);
    } catch (cause) {
      throw new AgentError('internal', `${path} cannot be used`, { detail: reasonOf(cause), cause });
    }
  };
}

/** In one line: the compiler draws where it is, over several. */
function reasonOf(thrown: unknown): string {
  const told = thrown instanceof AgentError ? (thrown.detail ?? thrown.message) : messageOf(thrown);
  return told.replace(/\s+/g, ' ').slice(0, longestReason);
}
