// The configuration in force, for people: every value as the agent understood it, where it comes from and
// whether changing it needs a restart. Secrets are masked.

import { formatSize } from './expectation';
import type { LoadedConfig } from './load';
import type { Option, SocketAddress } from './option';
import { nameOf, options, sections } from './options';
import { formatOrigin, mask } from './problem';
import type { Value } from './value';
import { formatSocketAddress } from './value-address';

export interface ReportRow {
  readonly section: string;
  readonly key: string;
  /** As one would write it in a file; empty when there is none, masked when it is a secret. */
  readonly value: string;
  /** `agent.conf:12`, the name of an environment variable, or `default`. */
  readonly origin: string;
  readonly needsRestart: boolean;
}

/** Lists every option in force, in the order of the table. */
export function reportConfig(loaded: Extract<LoadedConfig, { ok: true }>): readonly ReportRow[] {
  const values: Readonly<Record<string, Readonly<Record<string, Value>>>> = loaded.config;
  return options
    .filter((option) => option.ignored !== true)
    .map((option) => ({
      section: option.section,
      key: option.key,
      value: formatValue(option, values[option.section]?.[option.key]),
      origin: formatOrigin(loaded.origins.get(nameOf(option)) ?? { from: 'default' }),
      needsRestart: option.restart,
    }));
}

/** Prints a report, one option a line under its section. */
export function renderReport(rows: readonly ReportRow[]): string {
  const blocks = sections.map((section) => {
    const own = rows.filter((row) => row.section === section);
    const lines = own.map((row) => {
      const notes = row.needsRestart ? `${row.origin}; restart to change` : row.origin;
      return `${row.key} = ${row.value}`.trimEnd() + `  (${notes})`;
    });
    return [`[${section}]`, ...lines].join('\n');
  });
  return `${blocks.join('\n\n')}\n`;
}

/** Writes a value as one would in a file; empty when there is none, masked when it is a secret. */
export function formatValue(option: Option, value: Value): string {
  if (value === undefined) return '';
  if (option.secret === true) return mask;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return formatNumber(option, value);
  if (typeof value === 'string') return value;
  return isSocketAddress(value) ? formatSocketAddress(value) : value.map(formatItem).join(', ');
}

function formatNumber(option: Option, value: number): string {
  if (option.kind === 'size') return formatSize(value);
  if (option.kind === 'duration') return `${value} s`;
  return option.kind === 'facility' ? `LOG_LOCAL${value}` : String(value);
}

function formatItem(item: string | number | SocketAddress): string {
  return typeof item === 'object' ? formatSocketAddress(item) : String(item);
}

function isSocketAddress(value: SocketAddress | readonly unknown[]): value is SocketAddress {
  return 'port' in value;
}
