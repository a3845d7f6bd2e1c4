// The network of the amphora as one thing: what `core/plug` asks of this room. Every change is all or nothing: what
// cannot be finished is put back as it was, and the words of the tool that refused are in the error's detail.
//
// INVARIANT: calls that change something must not overlap; the core's gate sees to it.

import type { Ip } from '../model/ip';
import type { FirewallRule, FoundInterface, InterfaceAddress, Mac, WantedInterface } from '../model/network';

/** What came of a plug. */
export interface Plugged {
  /** What was left out because the kernel refused it, one sentence each: optional routes only. */
  readonly warnings: readonly string[];
  /** Puts everything back as it was before: for when what follows (the record) fails. Throws what could not be put back. */
  readonly undo: () => Promise<void>;
}

/** Done when nothing stands against a change any more, before anything is touched. What it throws ends the change. */
export type Ready = () => Promise<void>;

export interface ConfigureOptions {
  readonly ready?: Ready;
  /**
   * The addresses that this agent gave the interface before: of all that it carries these alone are taken away. Others
   * may be keepalived's, which nothing marks. Undefined: whatever is not wanted goes.
   */
  readonly former?: readonly InterfaceAddress[];
}

export interface Network {
  /**
   * Makes the namespace when it is not there, brings `lo` up and sets what the namespace needs for VIPs and LVS.
   * Throws `precondition` when no namespace is configured, `unavailable` with the tool's words when it cannot be made.
   */
  ensureNamespace(): Promise<void>;
  /**
   * Finds an interface by its MAC, in the namespace first, then in the agent's own; undefined when it is in neither.
   * It asks the kernel to rescan the PCI bus before it says so, for the sake of the next call. Throws `unavailable`
   * or `timeout` when `ip` fails.
   */
  find(mac: Mac): Promise<FoundInterface | undefined>;
  /** The name for the next interface that is no VIP interface: the first of eth2, eth3, … that neither the namespace nor `reserved` has. */
  freeName(reserved: readonly string[]): Promise<string>;
  /**
   * Moves the interface with this MAC from the agent's namespace into the amphora's, under the wanted name, and makes it
   * what is wanted. Throws `not-found` (of the subject `network interface`) when there is none or it vanishes meanwhile,
   * `already-exists` when it is inside already, `conflict` when another interface there has the name or one of the
   * addresses, `unavailable` with the tool's words when a step fails.
   */
  plug(mac: Mac, wanted: WantedInterface, ready?: Ready): Promise<Plugged>;
  /**
   * Makes an interface that is in the namespace what is wanted: what it has beyond that goes, but for addresses as the
   * options say. Asked again it changes nothing. Throws as `plug` does; `not-found` when no interface there has this name.
   */
  configure(wanted: WantedInterface, options?: ConfigureOptions): Promise<Plugged>;
  /**
   * Tells the neighbours of an interface that these addresses are here now (gratuitous ARP, unsolicited neighbour
   * advertisement). Never throws: what could not be told is returned, one sentence each, and a cause for a log line.
   */
  announce(name: string, ips: readonly Ip[]): Promise<readonly string[]>;
}

/** Who may come in by an interface. */
export interface Firewall {
  /**
   * Admits on this interface what the rules list and drops the rest, in one transaction in place of all rules before.
   * An empty list admits nothing (SR-IOV ports before their rules). Throws `unavailable` with what nft said; the old
   * rules then stand.
   */
  admit(name: string, rules: readonly FirewallRule[]): Promise<void>;
  /** Takes the interface's table away: everything is admitted again. Silent when there is none. Throws `unavailable`. */
  lift(name: string): Promise<void>;
}

/** One interface of the record. */
export interface PluggedInterface {
  readonly mac: Mac;
  readonly wanted: WantedInterface;
}

/** What is plugged, on disk: `plugged_interfaces`, one interface file each, and the firewall rules, as Octavia's agent has them. */
export interface InterfaceRecords {
  /** Reads all; what cannot be understood is left out and named in `problems`, one sentence each. */
  read(): Promise<{ readonly interfaces: readonly PluggedInterface[]; readonly problems: readonly string[] }>;
  /** Stores one, durably, in place of what its MAC or its name had; `rules` with it, before it is on record. */
  save(plugged: PluggedInterface, rules?: readonly FirewallRule[]): Promise<void>;
  /** Forgets one, with its firewall rules; silent when there is none. */
  remove(mac: Mac): Promise<void>;
  /** Stores the firewall rules of an interface, mode 0600. */
  saveRules(name: string, rules: readonly FirewallRule[]): Promise<void>;
  /** The stored rules; undefined when none were ever stored. Throws `precondition` when the file is spoiled. */
  readRules(name: string): Promise<readonly FirewallRule[] | undefined>;
}
