// What one configuration option is: how it is written, what it reads as, where it may be set. The tables in
// options-*.ts are the only source; types, parser, sample, documentation and report all follow from them.

import type { AmphoraId } from '../model/ids';

/** An address and port; IPv6 without brackets, `zone` is the interface of a scoped address. */
export interface SocketAddress {
  readonly address: string;
  readonly port: number;
  readonly zone?: string;
}

/** What each kind of option reads as. */
export interface ValueTypes {
  boolean: boolean;
  integer: number;
  /** Seconds, fractions allowed. */
  duration: number;
  /** Bytes. */
  size: number;
  path: string;
  /** One word that is safe in a template, an argv and a path segment. */
  name: string;
  text: string;
  choice: string;
  /** N of syslog's LOCALN. */
  facility: number;
  /** Canonical text, with its zone when it has one. */
  ip: string;
  port: number;
  'socket-address': SocketAddress;
  endpoints: readonly SocketAddress[];
  list: readonly string[];
  ports: readonly number[];
  'amphora-id': AmphoraId;
  'tls-version': 'TLSv1.2' | 'TLSv1.3';
}

export type Kind = keyof ValueTypes;

/** A row of the table, without its names. */
export interface OptionFacts {
  readonly kind: Kind;
  /** As one would write it in a file, before substitution; empty: none. */
  readonly default: string;
  readonly help: string;
  /** Inclusive, in the unit of the kind. */
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
  /** Empty is allowed and reads as undefined. */
  readonly optional?: true;
  readonly required?: true;
  /** Never shown: masked in problems and reports. */
  readonly secret?: true;
  /** Accepted because controllers write it, and without effect. */
  readonly ignored?: true;
  /** Only the box decides: a replacement over the API must leave it as it is. */
  readonly boxDecides?: true;
  /** The variable by which an API's own document sets it; `AMPHORAD_…` overrides it. Empty: not set. */
  readonly variable?: string;
  /** A changed value takes effect only when the agent starts anew. */
  readonly restart: boolean;
}

/** A section of the table: its rows by key. */
export type OptionTable = Readonly<Record<string, Readonly<Record<string, OptionFacts>>>>;

export interface Option extends OptionFacts {
  readonly section: string;
  readonly key: string;
  /** Honoured only outside the first configuration file, the one that a controller may replace. */
  readonly localOnly: boolean;
}

type Plain<Facts extends OptionFacts> = Facts extends { choices: readonly (infer Choice)[] }
  ? Choice
  : ValueTypes[Facts['kind']];

/** What a row reads as. */
export type ValueOf<Facts extends OptionFacts> = Facts extends { optional: true }
  ? Plain<Facts> | undefined
  : Plain<Facts>;

/** What a table reads as: every section and key but the ignored ones, as spelled in the file. */
export type ValuesOf<Table extends OptionTable> = {
  readonly [Section in keyof Table]: {
    readonly [
      Key in keyof Table[Section] as Table[Section][Key] extends { ignored: true } ? never : Key
    ]: ValueOf<Table[Section][Key]>;
  };
};
