// Renders the templates of this room. Every value comes out of a parser of model/ (addresses, subnets,
// names of interfaces, numbers), so there is nothing in it to quote. Source: TOOLCHAIN section 6 (noEscape, strict).

import type { Template } from '../model/template';

export interface FirewallView {
  readonly table: string;
  readonly name: string;
  /** One match each, as nft(8) writes it. */
  readonly admitted: readonly string[];
}

export interface MasqueradeView {
  readonly table: string;
  readonly name: string;
  readonly families: readonly { readonly family: 'ip' | 'ip6'; readonly isWanted: boolean }[];
}

export interface InterfaceView {
  readonly name: string;
  readonly mtu: number | undefined;
  readonly addresses: readonly {
    readonly address: string;
    readonly prefix: number;
    readonly isOwn: boolean;
  }[];
  readonly routes: readonly {
    readonly destination: string;
    readonly gateway: string | undefined;
    readonly isOnLink: boolean;
    readonly isLink: boolean;
    readonly source: string | undefined;
    readonly table: number | undefined;
  }[];
  readonly rules: readonly { readonly from: string; readonly length: number }[];
  readonly masquerade: readonly string[];
}

/** Renders the rules of a firewall as one nft transaction that replaces what was there. */
export function renderFirewall(template: Template, view: FirewallView): string {
  return template(view);
}

/** Renders the masquerading of an interface as one nft transaction that replaces what was there. */
export function renderMasquerade(template: Template, view: MasqueradeView): string {
  return template(view);
}

/** Renders an interface file, in the form of Octavia's agent. */
export function renderInterfaceFile(template: Template, view: InterfaceView): string {
  return template(view);
}
