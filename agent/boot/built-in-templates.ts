// The templates that come with the agent, precompiled by scripts/generate.mjs. Source: TOOLCHAIN section 6.

import handlebars from 'handlebars/runtime';
import { templates } from '../generated/templates';
import type { Templates } from '../model/template';

export const builtInTemplates: Templates = {
  'firewall.nft': handlebars.template(templates['firewall.nft']),
  'haproxy-overlay.cfg': handlebars.template(templates['haproxy-overlay.cfg']),
  'interface.json': handlebars.template(templates['interface.json']),
  'keepalived-vrrp.conf': handlebars.template(templates['keepalived-vrrp.conf']),
  'masquerade.nft': handlebars.template(templates['masquerade.nft']),
};
