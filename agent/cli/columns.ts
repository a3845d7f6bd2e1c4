// Text in columns of a terminal: aligned, cut to 80, and without what could steer a terminal.

export type Colour = 'red' | 'yellow' | 'green' | 'dim' | 'bold';

export type Paint = (text: string, colour: Colour) => string;

const codes: Readonly<Record<Colour, number>> = { red: 31, yellow: 33, green: 32, dim: 2, bold: 1 };

/** The columns of a screen. */
export const screenWidth = 80;

/** Makes what colours text, or leaves it as it is. */
export function createPaint(isOn: boolean): Paint {
  return (text, colour) => (isOn ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text);
}

/** Names and addresses come from configurations: what is no printable ASCII becomes '?'. */
export function plain(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}

/** Cuts a text to a width, in its middle: ids differ at both ends. */
export function fit(text: string, width: number): string {
  const bare = plain(text);
  if (bare.length <= width) return bare.padEnd(width);
  const head = Math.ceil((width - 2) / 2);
  return `${bare.slice(0, head)}..${bare.slice(bare.length - (width - 2 - head))}`;
}

/** Seconds as people say them: `42s`, `7m05s`, `3h20m`, `12d4h`. */
export function ageOf(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3_600)}h${two(Math.floor((whole % 3_600) / 60))}m`;
  return `${Math.floor(whole / 86_400)}d${Math.floor((whole % 86_400) / 3_600)}h`;
}

/** `1 pool`, `2 pools`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
