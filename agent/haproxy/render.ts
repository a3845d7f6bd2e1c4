// Renders the precompiled templates of this room. Values are checked first: a template never sees a line break
// or a control character. Source: TOOLCHAIN section 6 (noEscape, strict).

import handlebars from 'handlebars/runtime';
import { templates } from '../generated/templates';
import { internal } from '../model/errors';

export interface OverlayView {
  readonly user: string;
  readonly group: string;
  readonly adminSocket: string;
  /** What follows `log`, one entry a target. */
  readonly logs: readonly string[];
  /** When replaced workers are cut, as haproxy writes times; '' for never. */
  readonly hardStopAfter: string;
}

/** Renders the overlay that goes beside every uploaded configuration. Throws `internal` on a value with control characters. */
export function renderOverlay(view: OverlayView): string {
  for (const value of [view.user, view.group, view.adminSocket, view.hardStopAfter, ...view.logs])
    refuseControl(value);
  return handlebars.template(templates['haproxy-overlay.cfg'])(view);
}

function refuseControl(value: string): void {
  if (/\p{Cc}/u.test(value)) throw internal('a value for the haproxy overlay has a control character');
}
