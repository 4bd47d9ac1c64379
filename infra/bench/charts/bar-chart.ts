import { colours, escaped, rounded, svg, type Theme } from './drawing.ts'
import type { Bar, Panel } from './panel.ts'

const WIDTH = 930
const LABELS_END = 330
const BARS_END = 800
const BAR = 22
const ROW = 34
const HEAD = 66
const GAP = 26
const FOOT = 34

/**
 * Panels of horizontal bars as SVG. The same input gives the same bytes.
 * @param source says where the figures are from, below the bars
 */
export function barChart(panels: readonly Panel[], source: string, theme: Theme): string {
  let top = 0
  const drawn = panels.map((panel) => {
    const text = drawPanel(panel, top)
    top += HEAD + panel.bars.length * ROW + GAP
    return text
  })
  const height = top - GAP + FOOT
  return svg({
    width: WIDTH,
    height,
    title: panels.map(({ title }) => title).join('; '),
    description: panels.map(inWords).join(' '),
    style: style(theme),
    panels: drawn,
    source
  })
}

function style(theme: Theme): string {
  const { text, muted, own, other } = colours[theme]
  return `  <style>
    text { font: 15px -apple-system, BlinkMacSystemFont, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif; fill: ${text}; }
    .title { font-size: 18px; font-weight: 600; }
    .note { font-size: 13px; fill: ${muted}; }
    .label { text-anchor: end; }
    .value { font-weight: 600; }
    .bar { fill: ${other}; }
    .own { fill: ${own}; }
    .spread { fill: none; stroke: ${text}; stroke-width: 1.5; }
  </style>`
}

function drawPanel({ title, note, bars }: Panel, top: number): string {
  const most = Math.max(...bars.map(({ value, spread }) => spread?.max ?? value))
  const scale = (BARS_END - LABELS_END) / most
  return `  <text class="title" x="0" y="${top + 24}">${escaped(title)}</text>
  <text class="note" x="0" y="${top + 47}">${escaped(note)}</text>
${bars.map((bar, index) => drawBar(bar, top + HEAD + index * ROW, scale)).join('\n')}`
}

function drawBar({ label, value, spread }: Bar, top: number, scale: number): string {
  const at = (one: number) => rounded(LABELS_END + one * scale)
  const middle = top + BAR / 2
  const own = spread === null ? ' own' : ''
  const end = spread === null ? at(value) : at(spread.max)
  const whisker =
    spread === null
      ? ''
      : `
  <path class="spread" d="M ${at(spread.min)} ${middle} H ${at(spread.max)} M ${at(spread.min)} ${middle - 5} v 10 M ${at(spread.max)} ${middle - 5} v 10"/>`
  return `  <text class="label" x="${LABELS_END - 12}" y="${middle + 5}">${escaped(label)}</text>
  <rect class="bar${own}" x="${LABELS_END}" y="${top}" width="${rounded(value * scale)}" height="${BAR}" rx="3"/>${whisker}
  <text class="value" x="${end + 10}" y="${middle + 5}">${value.toFixed(2)}</text>`
}

/** The panel for those who do not see it. */
function inWords({ title, note, bars }: Panel): string {
  const all = bars.map(({ label, value, spread }) =>
    spread === null
      ? `${label} ${value.toFixed(2)}`
      : `${label} ${value.toFixed(2)} (rounds from ${spread.min.toFixed(2)} to ${spread.max.toFixed(2)})`
  )
  return `${title} (${note}): ${all.join(', ')}.`
}
