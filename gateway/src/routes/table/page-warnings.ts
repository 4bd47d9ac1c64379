import { demandOf } from '../demand.ts'
import type { Limit, Route } from '../entry/route.ts'
import { PAGES, type PageForm, pageForms } from './pages-of-routes.ts'
import type { RouteTable } from './route-table.ts'

/** What the shipped table allows in a minute. The auth service has stricter limits of its own. */
const shippedPerMinute: readonly (readonly [string, number])[] = [
  ['/auth/register', 600],
  ['/auth/login', 600],
  ['/auth/password/', 120],
  ['/auth/email/', 120]
]

/**
 * Rules of a route table that the pages for users do not obey, because the auth service sends their
 * requests to itself.
 * @param recentSeconds AUTH_PAGES_RECENT_SECONDS
 */
export function pageWarnings(
  { match }: Pick<RouteTable, 'match'>,
  recentSeconds: number
): readonly string[] {
  const pagesOf = new Map<string, string[]>()
  for (const form of pageForms) {
    const page = `${PAGES}/${form.page}`
    const own = match(page)
    if (own === null || demandOf(own, 'POST')?.access !== 'public') continue
    for (const rule of avoidedRules(form, { own, route: match(form.path), recentSeconds })) {
      pagesOf.set(rule, [...(pagesOf.get(rule) ?? []), page])
    }
  }
  return [...pagesOf].map(
    ([rule, pages]) =>
      `GATEWAY_ROUTES: ${rule}. This does not apply to the pages for users: ${pages.join(' ')} (docs/user-pages.md)`
  )
}

type Routes = {
  /** of the page */
  readonly own: Route
  /** of the request that its form causes */
  readonly route: Route | null
  readonly recentSeconds: number
}

function avoidedRules(form: PageForm, { own, route, recentSeconds }: Routes): string[] {
  const { method, path, needs } = form
  const demanded = route === null ? null : demandOf(route, method)
  if (route === null || demanded === null || route.upstream !== own.upstream) {
    return [`the table does not forward ${method} ${path} to the auth service`]
  }
  const rules: string[] = []
  const by = `route ${route.name} requires`
  const { demands } = demanded
  const ages = demands.flatMap(({ maxLoginAgeSeconds: age }) => (age === undefined ? [] : [age]))
  const age = Math.min(...ages)
  if (needs === 'nothing' && demanded.access === 'signed-in') {
    rules.push(`${by} an access token for ${method}`)
  }
  if (age < (needs === 'recent' ? recentSeconds : Infinity)) {
    rules.push(`${by} a login of at most ${age} s for ${method}`)
  }
  for (const name of ['scopes', 'roles', 'acrValues'] as const) {
    if (demands.some((demand) => demand[name].length > 0)) rules.push(`${by} ${name} for ${method}`)
  }
  const perMinute = perMinuteOf(route.limits)
  const [, shipped] = shippedPerMinute.find(([start]) => path.startsWith(start)) ?? ['', Infinity]
  if (perMinute < Math.min(shipped, perMinuteOf(own.limits))) {
    rules.push(`route ${route.name} allows ${perMinute} requests in a minute`)
  }
  return rules
}

const perMinuteOf = (limits: readonly Limit[]): number =>
  Math.min(...limits.map(({ max, windowSeconds }) => (max * 60) / windowSeconds))
