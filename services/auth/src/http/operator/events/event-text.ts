import type { LiveEvent } from '../../../live-events/event-feed.ts'
import { toKey } from '../keys/key-response.ts'

/** An event in the format of server-sent events (HTML, section 9.2). */
export function eventText(event: LiveEvent): string {
  if (event.type === 'audit') {
    const { digest: _digest, addressSalt: _salt, addressDigest: _address, ...shown } = event.record
    return block('audit', shown, event.record.seq)
  }
  if (event.type === 'gap') {
    const { first, last } = event
    return block('gap', { first, last }, last)
  }
  if (event.type === 'keys') return block('keys', { keys: event.keys.map(toKey) })
  const gateways = event.gateways.map(({ assertionJwk: _, ...gateway }) => gateway)
  return block('gateways', { gateways })
}

/** A client that comes back names the last `id` that it has. */
const block = (event: string, data: unknown, id?: number): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
