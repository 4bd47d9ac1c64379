import { type Command, textOption } from '../../command.ts'
import { instant } from '../../instant.ts'
import { count } from '../../terminal/count.ts'
import { textTable } from '../../terminal/text-table.ts'

type Event = {
  at: string
  kind: string
  user: string | null
  session: string | null
  address: string
  requestId: string
  operator: string | null
  detail: Record<string, number | string>
}

export const audit: Command = {
  name: 'audit',
  usage: '[--user ID] [--kind KIND] [--since TIME] [--limit NUMBER]',
  summary:
    'Prints the audit log, the newest event first, 100 events or NUMBER. KIND is a kind of event, ' +
    'such as refresh-reused; docs/ops.md lists them. TIME is a date (2026-11-23, ' +
    '2026-11-23T10:00Z) or a duration before now (30m, 12h, 7d).',
  options: {
    user: { type: 'string' },
    kind: { type: 'string' },
    since: { type: 'string' },
    limit: { type: 'string' }
  },
  words: [0, 0],
  async run(typed, { ops }) {
    const user = textOption(typed, 'user')
    const kind = textOption(typed, 'kind')
    const since = textOption(typed, 'since')
    const limit = textOption(typed, 'limit') ?? '100'
    const query = new URLSearchParams({
      limit,
      ...(user === undefined ? {} : { user }),
      ...(kind === undefined ? {} : { kind }),
      ...(since === undefined ? {} : { since: instant('since', since, Date.now()) })
    })
    const response = await ops.call<{ events: Event[] }>('GET', `/ops/audit?${query}`)
    const table = textTable(
      ['at', 'event', 'user', 'session', 'from', 'detail'],
      response.events.map(({ at, kind, user, session, address, operator, detail }) => [
        at,
        kind,
        user ?? '',
        session ?? '',
        operator ?? address,
        Object.entries(detail)
          .map(([name, value]) => `${name}=${value}`)
          .join(' ')
      ])
    )
    const shown = count(response.events.length, 'event')
    const isFull = response.events.length === Number(limit)
    const rest = isFull
      ? '; there may be more: raise --limit, or name --user, --kind or --since'
      : ''
    return { json: response, text: `${table}\n\n${shown}${rest}` }
  }
}
