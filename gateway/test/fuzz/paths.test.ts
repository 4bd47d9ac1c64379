import { inputs } from '@gatehouse/fixtures/generated'
import { generator, mutated } from '@gatehouse/fixtures/generator'
import { Refusal } from '@gatehouse/problem/refusal'
import t from 'tap'
import type { Route } from '../../src/routes/entry/route.ts'
import { servicePath } from '../../src/routes/service-path.ts'
import { readRouteTable } from '../../src/routes/table/load-route-table.ts'
import { locateTarget } from '../../src/routes/table/located-target.ts'
import type { RouteTable } from '../../src/routes/table/route-table.ts'
import { match } from '../../src/stages/match.ts'
import { readings } from './fixtures/path-readers.ts'

const INPUTS = inputs(1_000_000)

const table = readRouteTable(
  `
upstreams: { service: 'http://service' }
routes:
  - { name: open, prefix: /open, upstream: service, access: public }
  - { name: inner, prefix: /open/inner, upstream: service }
  - { name: closed, prefix: /closed, upstream: service }
`,
  {}
)
/** The same routes to services that read encoded delimiters as part of a name. */
const lenientTable = readRouteTable(
  `
upstreams: { service: 'http://service' }
routes:
  - { name: open, prefix: /open, upstream: service, access: public, encodedSlashes: pass, encodedDelimiters: pass }
  - { name: inner, prefix: /open/inner, upstream: service, encodedSlashes: pass, encodedDelimiters: pass }
  - { name: closed, prefix: /closed, upstream: service }
  - { name: slash, prefix: /slash, upstream: service, encodedSlashes: pass }
  - { name: sign, prefix: /slash/sign, upstream: service, roles: [a], encodedDelimiters: pass }
`,
  {}
)
/** Routes that strip different prefixes of the paths of one service. */
const strippedTable = readRouteTable(
  `
upstreams: { service: 'http://service' }
routes:
  - { name: open, prefix: /x, stripPrefix: /x, upstream: service, access: public }
  - { name: inner, prefix: [/x/inner, /x/open/inner], stripPrefix: /x, upstream: service }
  - { name: closed, prefix: /closed, upstream: service }
`,
  {}
)
const pieces = [
  '/',
  '//',
  '.',
  '..',
  './',
  '../',
  '/..',
  '/.',
  '\\',
  ';',
  ';x=1',
  '..;',
  '%',
  '%25',
  '%2',
  '%2e',
  '%2E',
  '%2f',
  '%2F',
  '%5c',
  '%00',
  '%252e',
  '%252f',
  '%3f',
  '%23',
  '%3b',
  '%c0%ae',
  '%e2%80%ae',
  '%ff',
  '%u002e',
  '%6f',
  '%20',
  ' ',
  '\t',
  '\0',
  '?',
  '#',
  '@',
  ':',
  '&',
  '=',
  '+',
  '~',
  'é',
  '\u2024',
  '%253b',
  '%253F',
  '%2523',
  '%25252f',
  'slash',
  'sign',
  '%E2%80%A5',
  '%E2%80%A6',
  '%EF%BC%8F',
  '%EF%BC%8E',
  '%EF%BC%85',
  '%EF%BC%BC',
  'open',
  'closed',
  'inner',
  'OPEN',
  'x',
  '.json',
  '/a.php',
  '/_next/data/b',
  '.segments/x.segment.rsc'
]

/** The route and path of a target; null if the gateway refuses it. */
function matchedBy(table: RouteTable, target: string) {
  try {
    return match({ method: 'GET', host: 'h' }, locateTarget(table, target))
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}

/**
 * Tries this number of targets. Returns the first one for which a reader finds another route than
 * the gateway does, and how many the gateway accepts.
 */
function hunt(
  routes: RouteTable,
  count: number,
  starts: readonly string[],
  isOther = (path: string, route: Route): boolean => routes.match(path) !== route
) {
  const random = generator()
  let accepted = 0
  let wrong: string | null = null
  for (let index = 0; index < count && wrong === null; index += 1) {
    let target = random.pick(starts)
    for (let changes = 1 + random.below(4); changes > 0; changes -= 1) {
      target = mutated(target, random, pieces)
    }
    const matched = matchedBy(routes, target)
    if (matched === null) continue
    accepted += 1
    const { path, query } = matched.target
    if (`${path}${query}` !== target || /[^\x21-\x7e]/.test(target)) wrong = `forwarded: ${target}`
    for (const [name, read] of Object.entries(readings)) {
      const other = read(servicePath(matched.route, path))
      if (other !== null && isOther(other, matched.route)) wrong = `${name}: ${target}`
    }
  }
  return { wrong, accepted, title: `FUZZ_SEED=${random.seed}` }
}

t.test('no server behind the gateway reads an accepted path as another one', async (t) => {
  const starts = ['/open', '/open/a', '/open/inner/b', '/closed/a/b', '/', '/x?y=1']
  const { wrong, accepted, title } = hunt(table, INPUTS, starts)
  t.equal(wrong, null, title)
  t.ok(accepted > INPUTS / 50, `${accepted} of ${INPUTS} were accepted`)
})

t.test('no server reads a path with accepted encoded delimiters as another route', async (t) => {
  const count = INPUTS / 2
  const starts = [
    '/open/a%2fb',
    '/open/100%25',
    '/open/inner%23',
    '/slash/a%2F',
    '/slash/sign/x%3By',
    '/closed/a'
  ]
  const { wrong, accepted, title } = hunt(lenientTable, count, starts)
  t.equal(wrong, null, title)
  t.ok(accepted > count / 50, `${accepted} of ${count} were accepted`)
})

t.test(
  'no server reads a path as one of a stricter route that strips another prefix',
  async (t) => {
    const count = INPUTS / 2
    const starts = ['/x', '/x/a', '/x/closed/b', '/x/inner/a', '/x/open/inner', '/closed/a']
    const isStricter = (path: string, { access }: Route) =>
      access === 'public' && /^\/(?:closed|inner|open\/inner)(?:\/|$)/.test(path)
    const { wrong, accepted, title } = hunt(strippedTable, count, starts, isStricter)
    t.equal(wrong, null, title)
    t.ok(accepted > count / 50, `${accepted} of ${count} were accepted`)
  }
)
