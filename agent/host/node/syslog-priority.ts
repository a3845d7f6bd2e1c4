// What syslog(3) calls our levels: severities err 3, warning 4, info 6, debug 7; a priority is
// facility * 8 + severity, and the facilities LOG_LOCAL0…7 are 16…23 (RFC 5424, 6.2.1).

import type { LogLevel } from '../log';

const severities: Readonly<Record<LogLevel, number>> = { error: 3, warning: 4, info: 6, debug: 7 };

const firstLocalFacility = 16;

/** Gives the syslog severity of a level, 3 to 7. */
export function severityOf(level: LogLevel): number {
  return severities[level];
}

/** Gives the syslog priority of a level under LOG_LOCAL`facility` (0 to 7). */
export function priorityOf(level: LogLevel, facility: number): number {
  return (firstLocalFacility + facility) * 8 + severityOf(level);
}
