// The texts that the agent makes: each has a template of a name, built in or put in its place by an operator.

/** Makes a text of what it is shown. */
export type Template = (view: object) => string;

export type TemplateName =
  'firewall.nft' | 'haproxy-overlay.cfg' | 'interface.json' | 'keepalived-vrrp.conf' | 'masquerade.nft';

export type Templates = Readonly<Record<TemplateName, Template>>;

/** What stands in place of built-in templates, and what is wrong with it. */
export interface TemplateReport {
  /** Files that replace a template and can be used. */
  readonly overridden: readonly string[];
  /** Files that cannot be used, each with why. */
  readonly problems: readonly { readonly path: string; readonly reason: string }[];
  /** Files whose name is no template's: they have no effect. */
  readonly unknown: readonly string[];
}

/** Looks at a directory of templates; undefined: there is none. */
export type ReadTemplates = (directory: string | undefined) => Promise<TemplateReport>;
