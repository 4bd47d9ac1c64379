import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { dataFolder } from '@gatehouse/fixtures/data-folder'
import t from 'tap'
import { readCommand } from '../command.ts'
import { type Figure, figure } from '../figures/figure.ts'
import { compare } from '../report/compare.ts'
import { compareFiles } from '../report/compare-files.ts'
import { readResults, recorded, recordSuite } from '../report/results.ts'
import { figureTable } from '../report/table.ts'
import { machine, ratio, resultsOf, time } from './fixtures/results.ts'

const date = new Date('2026-11-30T06:00:00Z')
const commit = '0123456789ab'

t.test(
  'a result has the median and the spread of each figure, and where it was measured',
  async (t) => {
    const file = join(dataFolder(t), 'results.json')
    const figures = [ratio('edge/a', [1.5, 1.1, 1.2]), ratio('edge/b', [])]
    recordSuite(file, { mode: 'thorough', machine }, { name: 'edge', figures, date, commit })

    const { suites, ...where } = readResults(file)
    t.strictSame(where, { format: 1, mode: 'thorough', machine })
    t.equal(suites.edge?.commit, commit)
    t.equal(suites.edge?.date, '2026-11-30T06:00:00.000Z')
    t.match(suites.edge?.figures, [
      { id: 'edge/a', rounds: [1.5, 1.1, 1.2], median: 1.2, spread: { min: 1.1, max: 1.5 } },
      { id: 'edge/b', rounds: [], median: null, spread: null }
    ])
  }
)

t.test('a file keeps other suites only of the same machine and mode', async (t) => {
  const file = join(dataFolder(t), 'results.json')
  const measure = (name: string, of = machine, mode: 'thorough' | 'short' = 'thorough') => {
    const measured = { name, figures: [ratio(`${name}/a`, [1])], date, commit }
    recordSuite(file, { mode, machine: of }, measured)
    return Object.keys(readResults(file).suites)
  }
  t.strictSame(measure('edge'), ['edge'])
  t.strictSame(measure('families'), ['edge', 'families'])
  t.strictSame(measure('edge'), ['edge', 'families'], 'a suite is replaced')
  t.strictSame(measure('logins', { ...machine, node: 'v26.0.0' }), ['logins'])
  t.strictSame(measure('edge', { ...machine, node: 'v26.0.0' }, 'short'), ['edge'])
})

t.test('a file that is not a result of the benchmark is refused with the reason', async (t) => {
  const file = join(dataFolder(t), 'results.json')
  t.throws(() => readResults(file), { name: 'ResultsFault', message: /ENOENT/ })
  writeFileSync(file, '{"format":2}')
  t.throws(() => readResults(file), { message: /is not a result of the benchmark/ })
})

t.test('a table says the median, the rounds and whether the goal is met', async (t) => {
  const goal = { atMost: 1.25 }
  const rows = figureTable([
    { ...ratio('a', [1.4, 1.3, 1.5]), goal },
    { ...ratio('b', [1.2]), goal },
    { ...ratio('c', []), goal, how: 'left out: it is not installed' },
    figure({ id: 'd', title: 'lost', unit: 'count', rounds: [0], goal: { atMost: 0 }, how: 'of 9' })
  ])
    .split('\n')
    .map((line) => line.split(/ {3,}/))
  t.strictSame(rows, [
    ['figure', 'median', 'rounds', 'goal', 'how'],
    ['title of a', '1.40', '1.30–1.50', '≤ 1.25', 'missed', 'alternately'],
    ['title of b', '1.20', '≤ 1.25', 'met', 'alternately'],
    ['title of c', '–', '≤ 1.25', 'left out: it is not installed'],
    ['lost', '0', '0', 'met', 'of 9']
  ])
})

/** The verdict on one figure. */
function verdict(before: Figure, after: Figure, on = machine) {
  const [old, now] = [
    resultsOf('edge', [recorded(before)]),
    resultsOf('edge', [recorded(after)], on)
  ]
  return compare(old, now)[0]?.verdict
}

t.test('a difference inside the spread of the rounds is not a regression', async (t) => {
  const before = ratio('a', [1.0, 1.1, 1.2, 1.1, 1.1])
  t.equal(verdict(before, ratio('a', [1.3, 1.4, 1.2, 1.5, 1.3])), 'same', 'one round is as good')
  t.equal(verdict(before, ratio('a', [1.3, 1.4, 1.21, 1.5, 1.3])), 'worse')
  t.equal(verdict(before, ratio('a', [0.9, 0.8, 0.7, 0.9, 0.9])), 'better')
})

t.test(
  'a comparison knows for which figures more is better, and which explain others',
  async (t) => {
    const more = (rounds: number[]) => ({ ...ratio('a', rounds), better: 'higher' as const })
    t.equal(verdict(more([2, 3]), more([4, 5])), 'better')
    t.equal(verdict(more([2, 3]), more([1, 1])), 'worse')
    const explains = (rounds: number[]) => ({ ...ratio('a', rounds), better: null })
    t.equal(verdict(explains([2, 3]), explains([4, 5])), undefined)
  }
)

t.test(
  'a figure of one round differs by more than one per cent, and one lost request counts',
  async (t) => {
    const count = (value: number) => ({ ...ratio('a', [value]), unit: 'count' as const })
    t.equal(verdict(count(142), count(143)), 'same')
    t.equal(verdict(count(142), count(146)), 'worse')
    t.equal(verdict(count(0), count(1)), 'worse')
    t.equal(verdict(count(0), count(0)), 'same')
  }
)

t.test('times of different machines are not compared, and ratios are', async (t) => {
  const other = { ...machine, processor: 'Example 1' }
  t.equal(verdict(time('a', [10, 11]), time('a', [20, 21])), 'worse')
  t.equal(verdict(time('a', [10, 11]), time('a', [20, 21]), other), 'not comparable')
  t.equal(verdict(ratio('a', [1, 1]), ratio('a', [2, 2]), other), 'worse')
})

t.test('a figure that was measured once is new or missing, and no regression', async (t) => {
  t.equal(verdict(ratio('a', []), ratio('a', [1])), 'new')
  t.equal(verdict(ratio('a', [1]), ratio('a', [])), 'missing')
  t.equal(verdict(ratio('a', []), ratio('a', [])), undefined)
})

t.test(
  'a comparison of two files names what is worse, and says whether something is',
  async (t) => {
    const folder = dataFolder(t)
    const write = (name: string, results: object) => {
      const file = join(folder, name)
      writeFileSync(file, JSON.stringify(results))
      return file
    }
    const before = resultsOf('edge', [
      recorded(ratio('a', [1, 1.1])),
      recorded(ratio('b', [2, 2.1]))
    ])
    const after = resultsOf('edge', [
      recorded(ratio('a', [1, 1.1])),
      recorded(ratio('b', [3, 3.1]))
    ])
    const [old, now] = [write('old.json', before), write('now.json', after)]

    let printed = ''
    const print = (text: string) => {
      printed += text
    }
    t.equal(compareFiles(old, now, print), false)
    t.match(printed, /title of b +2\.10 +2\.00–2\.10 +3\.10 +3\.00–3\.10 +\+48 % +worse/)
    t.match(printed, '1 of 2 figures are worse (edge).')
    t.equal(compareFiles(now, old, print), true)

    const short = write('short.json', { ...after, mode: 'short' })
    t.throws(() => compareFiles(old, short, print), {
      message: /short\.json was measured with --short/
    })
    const others = write('others.json', resultsOf('logins', []))
    t.throws(() => compareFiles(old, others, print), { message: /no suite in common/ })
  }
)

t.test('the arguments say what to measure, to compare or to draw', async (t) => {
  const known = ['edge', 'families']
  const out = 'bench-results.json'
  t.strictSame(readCommand([], known), { kind: 'measure', suites: known, short: false, out })
  t.strictSame(readCommand(['edge', '--short', '--out', 'x.json'], known), {
    kind: 'measure',
    suites: ['edge'],
    short: true,
    out: 'x.json'
  })
  const [before, after] = ['a.json', 'b.json']
  t.strictSame(readCommand(['compare', before, after], known), { kind: 'compare', before, after })
  t.strictSame(readCommand(['draw', before], known), { kind: 'draw', file: before })
  for (const wrong of [
    ['egde'],
    ['compare', 'a.json'],
    ['draw'],
    ['--fast'],
    ['draw', 'a', '--short']
  ]) {
    t.throws(() => readCommand(wrong, known), { name: 'UsageFault' }, wrong.join(' '))
  }
})
