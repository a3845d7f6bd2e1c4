// Which templates an operator has put in place of those built in, and whether they can be used: the same trial as at the
// agent's start. Source: etc/amphorad/templates/README.

import type { Finding } from '../../model/finding';
import { found, type Check, type Patient } from './check';

export const templateChecks: readonly Check[] = [{ name: 'templates', look: templates, remark: overridden }];

async function templates({ config, host }: Patient): Promise<readonly Finding[]> {
  const { problems, unknown } = await host.readTemplates(config.amphorad.template_dir);
  return [
    ...problems.map(({ path, reason }) =>
      found('templates', 'error', {
        what: `${path}: ${reason}`,
        why: 'The agent does not start with it.',
        todo: 'Correct it, or move it out of the directory to have the built-in one.',
      }),
    ),
    ...unknown.map((path) =>
      found('templates', 'warning', {
        what: `${path} is named like no template`,
        why: 'It has no effect.',
        todo: 'Give it the name of the template that it is to replace; amphorad(8) lists them.',
      }),
    ),
  ];
}

async function overridden({ config, host }: Patient): Promise<string | undefined> {
  const { overridden: paths } = await host.readTemplates(config.amphorad.template_dir);
  return paths.length === 0 ? undefined : `in place of those built in: ${paths.join(', ')}`;
}
