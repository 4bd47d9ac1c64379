import { ratios } from '../figures/figure.ts'
import { median, spread } from '../figures/statistics.ts'
import type { Results } from '../report/results.ts'
import type { Bar, Panel } from './panel.ts'

type Drawn = {
  readonly suite: string
  readonly title: string
  readonly note: string
  /** labels by the id of the figure; the first is our own, and counts as 1 */
  readonly labels: Readonly<Record<string, string>>
}

const drawn: readonly Drawn[] = [
  {
    suite: 'edge',
    title: 'Processor time of a request with a token',
    note: 'ES256, 32 connections, one core; Gatehouse = 1, less is better',
    labels: {
      'edge/seen-token/gateway': 'Gatehouse',
      'edge/seen-token/haproxy': 'HAProxy, jwt_verify',
      'edge/seen-token/apache': 'Apache, mod_oauth2',
      'edge/seen-token/bare-proxy': 'Node.js proxy that checks nothing',
      'edge/seen-token/documented-stack': 'Fastify with its JWT and proxy plugins'
    }
  },
  {
    suite: 'families',
    title: 'Processor time of a token refresh',
    note: 'over HTTP, 32 clients, one Redis; Gatehouse = 1, less is better',
    labels: {
      'families/refresh/auth': 'Gatehouse',
      'families/refresh/tutorial': 'minimal endpoint (@fastify/jwt, Redis)',
      'families/refresh/oidc-provider': 'oidc-provider',
      'families/refresh/better-auth': 'better-auth'
    }
  }
]

/** The suites that have a panel. */
export const drawnSuites: readonly string[] = drawn.map(({ suite }) => suite)

/** What the charts of a result show. A program that was not measured has no bar. */
export const panelsOf = (results: Results): Panel[] =>
  drawn.flatMap(({ suite, title, note, labels }) => {
    const bars = barsOf(results, suite, labels)
    return bars.length > 1 ? [{ title, note, bars }] : []
  })

function barsOf({ suites }: Results, suite: string, labels: Drawn['labels']): Bar[] {
  const figures = suites[suite]?.figures ?? []
  const roundsOf = (wanted: string) => figures.find(({ id }) => id === wanted)?.rounds ?? []
  const [[ownId = '', ownLabel = ''] = [], ...others] = Object.entries(labels)
  const own = roundsOf(ownId)
  if (own.length === 0) return []
  const compared = others.flatMap(([id, label]) => {
    const rounds = roundsOf(id)
    if (rounds.length !== own.length) return []
    const relative = ratios(rounds, own)
    return [{ label, value: median(relative), spread: spread(relative) }]
  })
  return [{ label: ownLabel, value: 1, spread: null }, ...compared]
}
