import { colours, escaped, rounded, svg, type Theme } from './drawing.ts'

/** Values over time. */
export type Line = { readonly label: string; readonly values: readonly number[] }

export type LinePanel = {
  readonly title: string
  readonly note: string
  /** all with the same times */
  readonly lines: readonly Line[]
  /** a label below the first, the middle and the last value */
  readonly times: readonly [string, string, string]
}

const WIDTH = 930
const LEFT = 70
const RIGHT = 910
const HEAD = 66
const HEIGHT = 150
const LABELS = 30
const GAP = 26
const FOOT = 30
/** More points than pixels cannot be seen. */
const MOST_POINTS = 420

/** Panels of lines over time as SVG. The same input gives the same bytes. */
export function lineChart(panels: readonly LinePanel[], source: string, theme: Theme): string {
  const panelHeight = HEAD + HEIGHT + LABELS + GAP
  const height = panels.length * panelHeight - GAP + FOOT
  const drawn = panels.map((panel, index) => drawPanel(panel, index * panelHeight))
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
    .note, .axis { font-size: 13px; fill: ${muted}; }
    .end { text-anchor: end; }
    .middle { text-anchor: middle; }
    .grid { stroke: ${other}; stroke-width: 0.5; }
    .line { fill: none; stroke-width: 2; }
    .first { stroke: ${own}; }
    .second { stroke: ${text}; stroke-dasharray: 6 4; }
  </style>`
}

const classes = ['first', 'second'] as const

function drawPanel({ title, note, lines, times }: LinePanel, top: number): string {
  const most = Math.max(...lines.flatMap(({ values }) => [...values]), 1)
  const [above, below] = [top + HEAD, top + HEAD + HEIGHT]
  const grid = [0, 0.5, 1].map((share) => {
    const y = rounded(below - share * HEIGHT)
    return `  <path class="grid" d="M ${LEFT} ${y} H ${RIGHT}"/>
  <text class="axis end" x="${LEFT - 8}" y="${y + 5}">${Math.round(share * most).toLocaleString('en')}</text>`
  })
  const drawn = lines.map(
    ({ values }, index) =>
      `  <path class="line ${classes[index] ?? 'second'}" d="${pathOf(values, most, above)}"/>`
  )
  const keys = lines.map(({ label }, index) => {
    const x = LEFT + index * 400
    return `  <path class="line ${classes[index] ?? 'second'}" d="M ${x} ${above - 12} h 30"/>
  <text class="note" x="${x + 38}" y="${above - 8}">${escaped(label)}</text>`
  })
  const [first, middle, last] = times
  return `  <text class="title" x="0" y="${top + 20}">${escaped(title)}</text>
  <text class="note" x="0" y="${top + 40}">${escaped(note)}</text>
${[...keys, ...grid, ...drawn].join('\n')}
  <text class="axis" x="${LEFT}" y="${below + 20}">${escaped(first)}</text>
  <text class="axis middle" x="${(LEFT + RIGHT) / 2}" y="${below + 20}">${escaped(middle)}</text>
  <text class="axis end" x="${RIGHT}" y="${below + 20}">${escaped(last)}</text>`
}

/** The highest of the values that share a point is drawn. */
function pathOf(values: readonly number[], most: number, above: number): string {
  const each = Math.ceil(values.length / MOST_POINTS)
  const points: string[] = []
  for (let at = 0; at < values.length; at += each) {
    const value = Math.max(...values.slice(at, at + each))
    const x = rounded(LEFT + (at / Math.max(1, values.length - 1)) * (RIGHT - LEFT))
    points.push(`${x} ${rounded(above + HEIGHT * (1 - value / most))}`)
  }
  return `M ${points.join(' L ')}`
}

/** The panel for those who do not see it. */
const inWords = ({ title, note, lines }: LinePanel): string =>
  `${title} (${note}): ${lines
    .map(
      ({ label, values }) =>
        `${label}, at most ${Math.round(Math.max(...values)).toLocaleString('en')}`
    )
    .join('; ')}.`
