// One option by itself, for what must be done though the rest of the configuration is missing or wrong.

import { findOption } from './options';
import { createResolver } from './resolve';
import { readSources, type ConfigFiles, type ConfigSources } from './sources';
import { triage } from './triage';
import { readValue, type Value } from './value';

/** Reads an option from whatever sources can be read; its default where none sets it to what it can be. */
export async function readOneOption(
  input: ConfigSources,
  files: ConfigFiles,
  section: string,
  key: string,
): Promise<Value> {
  const option = findOption(section, key);
  if (option === undefined) throw new TypeError(`no option [${section}] ${key} in the table`);
  const { settings } = await readSources(input, files);
  const { text, refusals } = createResolver(triage(settings).inForce)(option);
  const reading = refusals.length === 0 ? readValue(text, option) : undefined;
  return (reading ?? readValue(option.default, option))?.value;
}
