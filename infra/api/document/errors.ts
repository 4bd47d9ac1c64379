import { type ProblemCode, problems } from '@gatehouse/problem/codes'
import type { Json } from './components.ts'
import { oauthErrorContent, problemContent } from './error-schemas.ts'
import { headerRefs, type SharedHeader } from './headers.ts'

/** One error that an operation can respond with: its code, and when. */
export type DocumentedError = {
  readonly status: number
  readonly code: ProblemCode
  readonly when: string
}

type WrittenError = { readonly status: number; readonly code: string; readonly when: string }

/** The errors of a route, with the usual status of each code. */
export const errorsOf = (
  codes: Readonly<Partial<Record<ProblemCode, string>>> = {}
): DocumentedError[] =>
  Object.entries(codes).map(([name, when]) => {
    const code = name as ProblemCode
    return { status: problems[code].statuses[0], code, when }
  })

/** What the error means in general comes first, then what it means to this operation. */
function byStatus(errors: readonly WrittenError[]): [number, Map<string, string>][] {
  const found = new Map<number, Map<string, string>>()
  for (const { status, code, when } of errors) {
    const codes = found.get(status) ?? new Map<string, string>()
    const known = codes.get(code)
    codes.set(code, known === undefined || known.includes(when) ? when : `${known} ${when}`)
    found.set(status, codes)
  }
  return [...found].sort(([one], [other]) => one - other)
}

const headersOf = (status: number, codes: readonly string[]): SharedHeader[] => [
  ...(status === 429 || codes.includes('UNAVAILABLE') ? (['retry-after'] as const) : []),
  ...(status === 401 ? (['www-authenticate'] as const) : []),
  'cache-control',
  'x-content-type-options'
]

const descriptionOf = (codes: ReadonlyMap<string, string>): string =>
  [...codes].map(([code, when]) => `\`${code}\`: ${when}`).join('\n\n')

/** The responses with problem documents. @param common headers of every response */
export function problemResponses(
  errors: readonly DocumentedError[],
  common: readonly SharedHeader[]
): Json {
  const responses = byStatus(errors).map(([status, codes]) => {
    const names = [...codes.keys()]
    return [
      String(status),
      {
        description: descriptionOf(codes),
        headers: headerRefs([...common, ...headersOf(status, names)]),
        content: problemContent(status, names as ProblemCode[])
      }
    ]
  })
  return Object.fromEntries(responses)
}

/** The responses of an OAuth endpoint. Their clients switch on `error`. */
export function oauthResponses(
  errors: readonly WrittenError[],
  common: readonly SharedHeader[]
): Json {
  const responses = byStatus(errors).map(([status, codes]) => {
    const waits = [429, 503].includes(status) ? (['retry-after'] as const) : []
    const headers: SharedHeader[] = [...common, ...waits, 'cache-control', 'x-content-type-options']
    return [
      String(status),
      {
        description: descriptionOf(codes),
        headers: {
          ...headerRefs(headers),
          ...(status === 401 ? { 'www-authenticate': basicChallenge } : {})
        },
        content: oauthErrorContent([...codes.keys()])
      }
    ]
  })
  return Object.fromEntries(responses)
}

const basicChallenge: Json = {
  description: 'The challenge (RFC 7617), if the request had Authorization.',
  schema: { type: 'string', examples: ['Basic realm="gatehouse", charset="UTF-8"'] }
}
