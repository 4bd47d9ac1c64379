import type { LiveEvent } from '../../../live-events/feed-reader.ts'
import { toGateway } from '../gateways/gateways.ts'
import { toKey } from '../keys/key-response.ts'

/**
 * An event in the format of server-sent events (HTML, section 9.2). Each has an `id`, so that also
 * a client that reconnects before the first audit event can name its position.
 * @param position the number of the last audit event that the client then has
 */
export const eventText = (event: LiveEvent, position: number): string =>
  `id: ${position}\nevent: ${event.type}\ndata: ${JSON.stringify(dataOf(event))}\n\n`

function dataOf(event: LiveEvent): object {
  if (event.type === 'audit') {
    const { digest: _digest, addressSalt: _salt, addressDigest: _address, ...shown } = event.record
    return shown
  }
  if (event.type === 'gap') return { first: event.first, last: event.last }
  if (event.type === 'keys') return { keys: event.keys.map(toKey) }
  return { gateways: event.gateways.map(toGateway) }
}
