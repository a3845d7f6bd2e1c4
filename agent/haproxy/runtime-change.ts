// What of a new configuration a running haproxy can do itself, without a reload: the words that the planner and the one
// who carries it out share. Source: contract/dataplane.md 7; HAProxy 2.6 management guide, 9.3.

/** One change of a running haproxy. Each is a few commands of its runtime API, and a look at what came of them. */
export type RuntimeChange =
  | { readonly kind: 'weight'; readonly backend: string; readonly server: string; readonly weight: number }
  | {
      readonly kind: 'address';
      readonly backend: string;
      readonly server: string;
      readonly address: string;
      readonly port: number;
    }
  | {
      readonly kind: 'standing';
      readonly backend: string;
      readonly server: string;
      readonly standing: 'ready' | 'maint';
    }
  | { readonly kind: 'add'; readonly server: NewServer }
  | { readonly kind: 'remove'; readonly backend: string; readonly server: string }
  /** The file's new content, `set ssl cert`. */
  | { readonly kind: 'certificate'; readonly path: string };

/** A server that the running configuration does not have. */
export interface NewServer {
  readonly backend: string;
  readonly server: string;
  /** As `add server` takes it: `192.0.2.1:80`, `[2001:db8::1]:80`. */
  readonly place: string;
  /** The words after the place, those of `default-server` among them; without `disabled`. */
  readonly words: readonly string[];
  readonly checks: boolean;
  readonly agentChecks: boolean;
  readonly standing: 'ready' | 'maint';
}

/** A server as it must be once all is done; what an operator has set at run time of one that does not change may differ. */
export interface ExpectedServer {
  readonly backend: string;
  readonly server: string;
  readonly address: string;
  readonly port: number;
  /** 0–256, as configured. */
  readonly weight: number;
  readonly standing: 'ready' | 'maint';
  /** True: a change touches it, so weight and standing must be the configured ones. */
  readonly changes: boolean;
}

export type RuntimePlan =
  | {
      readonly kind: 'runtime';
      /** In the order in which they are carried out. */
      readonly changes: readonly RuntimeChange[];
      /** All servers of each backend that has a change. */
      readonly expected: readonly ExpectedServer[];
    }
  /** A reload is needed; the reason is for the log and for docs: one of a few words, and what it is about. */
  | { readonly kind: 'reload'; readonly reason: string };

export interface RuntimePlanInput {
  /** What haproxy runs, as it was last told (`live.cfg`), and what it shall run. */
  readonly running: string;
  readonly wanted: string;
  /** Paths of files whose content differs from what haproxy has read; the set of named files is the same. */
  readonly changedFiles: readonly string[];
  /** The content of each crt-list that the configuration names, by its path; none of them is a changed file. */
  readonly crtLists: ReadonlyMap<string, string>;
  /** As `haproxy -v` tells it: `2.6.12-1+deb12u4`. */
  readonly version: string;
}
