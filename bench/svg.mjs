// Bars of medians with their quartiles, as SVG: a block for each metric, a bar for each series.

const width = 760;
const nameWidth = 230;
const figureWidth = 110;
const barHeight = 16;
const gap = 4;
const titleHeight = 24;
const blockGap = 14;
// Beyond this factor between the least and the most a bar of the least could not be seen.
const mostLinear = 40;
const colours = ['#1f6fb2', '#8a8a8a', '#c4c4c4', '#dddddd'];

/** Draws the metrics that are worth a picture: those with a bound, and those that ask for one; undefined when none does. */
export function drawResult({ title, metrics }) {
  const blocks = metrics
    .filter(({ bounds = [], bound, isPlotted }) => isPlotted || bounds.length > 0 || bound !== undefined)
    .filter(({ series, hasNoRatio }) => !hasNoRatio && series.length > 1)
    .map(blockOf);
  if (blocks.length === 0) return undefined;
  const parts = [];
  let top = titleHeight + blockGap;
  for (const block of blocks) {
    parts.push(`<g transform="translate(0 ${top})">${block.text}</g>`);
    top += block.height + blockGap;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top}" viewBox="0 0 ${width} ${top}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="8" y="20" font-size="14" font-weight="bold">${escape(title)}</text>
${parts.join('\n')}
</svg>
`;
}

function blockOf({ name, unit, digits, series }) {
  const scale = scaleOf(series);
  const heading = `${name}, ${unit}${scale.isLogarithmic ? ' (logarithmic)' : ''}`;
  const bars = series.map((one, index) => barOf(one, index, { scale, digits, unit }));
  return {
    text: `<text x="8" y="14" font-weight="bold">${escape(heading)}</text>${bars.join('')}`,
    height: titleHeight + series.length * (barHeight + gap),
  };
}

function barOf({ subject, median, lowerQuartile, upperQuartile }, index, { scale, digits, unit }) {
  const y = titleHeight + index * (barHeight + gap);
  const middle = y + barHeight / 2;
  const at = (value) => (nameWidth + scale.lengthOf(value)).toFixed(1);
  const colour = colours[Math.min(index, colours.length - 1)];
  return [
    `<text x="${nameWidth - 6}" y="${middle + 4}" text-anchor="end">${escape(subject)}</text>`,
    `<rect x="${nameWidth}" y="${y}" width="${scale.lengthOf(median).toFixed(1)}" height="${barHeight}" fill="${colour}"/>`,
    `<path d="M${at(lowerQuartile)} ${middle}H${at(upperQuartile)}" stroke="#000000"/>`,
    `<text x="${width - 8}" y="${middle + 4}" text-anchor="end">${median.toFixed(digits)} ${escape(unit)}</text>`,
  ].join('');
}

function scaleOf(series) {
  const room = width - nameWidth - figureWidth;
  const medians = series.map(({ median }) => median);
  const most = Math.max(...series.map(({ upperQuartile }) => upperQuartile), Number.MIN_VALUE);
  const least = Math.min(...medians);
  const isLogarithmic = least > 0 && Math.max(...medians) / least > mostLinear;
  const within = (share) => room * Math.min(1, Math.max(0, share));
  if (!isLogarithmic) return { isLogarithmic, lengthOf: (value) => within(value / most) };
  // The scale begins at half the least, so that it has a bar.
  const from = Math.log(least / 2);
  return { isLogarithmic, lengthOf: (value) => within((Math.log(value) - from) / (Math.log(most) - from)) };
}

const escape = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
