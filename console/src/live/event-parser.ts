/** A server-sent event (HTML, section 9.2). */
export type ServerEvent = {
  readonly id: string | null
  readonly type: string
  readonly data: string
}

export type EventParser = {
  /** Takes a part of the stream, and returns the events that it completes. */
  take(text: string): ServerEvent[]
  /** how long the server asks a client to wait before it comes back, in milliseconds */
  retryMs(): number | null
}

/** Reads events from parts that may begin and end anywhere. */
export function eventParser(): EventParser {
  let rest = ''
  let retry: number | null = null
  return {
    retryMs: () => retry,
    take(text) {
      const blocks = (rest + text).split('\n\n')
      rest = blocks.pop() ?? ''
      return blocks.flatMap((block) => {
        const fields = fieldsOf(block)
        const wait = Number(fields.get('retry') ?? Number.NaN)
        if (Number.isInteger(wait)) retry = wait
        const data = fields.get('data')
        if (data === undefined) return []
        return { id: fields.get('id') ?? null, type: fields.get('event') ?? 'message', data }
      })
    }
  }
}

/** The fields of an event. Lines that begin with a colon are comments. */
function fieldsOf(block: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    if (colon <= 0) continue
    const name = line.slice(0, colon)
    const value = line.slice(colon + 1).replace(/^ /, '')
    const before = name === 'data' ? fields.get(name) : undefined
    fields.set(name, before === undefined ? value : `${before}\n${value}`)
  }
  return fields
}
