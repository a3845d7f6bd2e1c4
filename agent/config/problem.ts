// What is wrong with a configuration, in a form that names the place, the value and what was expected instead.
// Never the value of a secret, nor text of a line that could not be read: it may be one.

import { quote } from '../model/ids';
import type { Option } from './option';

/** Where an effective value comes from. */
export type Origin =
  | { readonly from: 'file'; readonly file: string; readonly line: number }
  | { readonly from: 'environment'; readonly variable: string }
  | { readonly from: 'default' };

/** A refusal, or a warning of the same form. */
export interface Problem {
  /** The file, the environment variable, or what to look at when it is neither. */
  readonly file: string;
  readonly line?: number;
  readonly section?: string;
  readonly key?: string;
  /** As written; masked when it is a secret. */
  readonly value?: string;
  /** What would be right, when the kind of the option says it. */
  readonly expected?: string;
  /** The whole complaint, without place and value. */
  readonly message: string;
}

export const mask = '***';

/** Prints a problem as one line: `agent.conf:12: [health_manager] heartbeat_interval = "ten": expected …`. */
export function formatProblem(problem: Problem): string {
  const place = problem.line === undefined ? problem.file : `${problem.file}:${problem.line}`;
  const section = problem.section === undefined ? '' : ` [${showName(problem.section)}]`;
  const key = problem.key === undefined ? '' : ` ${showName(problem.key)}`;
  const value = problem.value === undefined ? '' : ` = ${quote(problem.value)}`;
  return section === ''
    ? `${place}: ${problem.message}`
    : `${place}:${section}${key}${value}: ${problem.message}`;
}

/** Prints where a value comes from: `agent.conf:12`, a variable's name, or `default`. */
export function formatOrigin(origin: Origin): string {
  if (origin.from === 'file') return `${origin.file}:${origin.line}`;
  return origin.from === 'environment' ? origin.variable : 'default';
}

/** Makes a problem about a value where it was set. */
export function problemAt(
  origin: Origin,
  option: Option,
  text: string | undefined,
  message: string,
): Problem {
  const value = option.secret === true && text !== undefined ? mask : text;
  return {
    ...placeOf(origin),
    section: option.section,
    key: option.key,
    ...(value === undefined ? {} : { value }),
    message,
  };
}

/** The place of a problem: file and line, or the variable. */
export function placeOf(origin: Origin): { readonly file: string; readonly line?: number } {
  if (origin.from === 'file') return { file: origin.file, line: origin.line };
  return { file: origin.from === 'environment' ? `environment ${origin.variable}` : 'defaults' };
}

/** Shows a section or key as written: only its leading word, since a forgotten "=" can put half a secret into it. */
export function showName(name: string): string {
  const word = /^[\w.-]{0,64}/.exec(name)?.[0] ?? '';
  return word === name ? word : `${word}…`;
}
