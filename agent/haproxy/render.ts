// Renders the template of this room. Values are checked first: a template never sees a line break or a control
// character. Source: TOOLCHAIN section 6 (noEscape, strict).

import { internal } from '../model/errors';
import type { Template } from '../model/template';

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
export function renderOverlay(template: Template, view: OverlayView): string {
  for (const value of [view.user, view.group, view.adminSocket, view.hardStopAfter, ...view.logs])
    refuseControl(value);
  return template(view);
}

function refuseControl(value: string): void {
  if (/\p{Cc}/u.test(value)) throw internal('a value for the haproxy overlay has a control character');
}
