import type { GatehouseClient } from '../gatehouse-client.ts'
import { untilAborted } from '../sleep.ts'
import type { FetchPorts } from './authorised-fetch.ts'

/** The gateway selects this subprotocol, so its response lacks the one with the token. */
const OWN_PROTOCOL = 'gatehouse'

/** Opens WebSockets with the session's token, for the listed origins and no others. */
export const socketOpener =
  ({
    origin,
    origins,
    usableToken
  }: Pick<FetchPorts, 'origin' | 'origins' | 'usableToken'>): GatehouseClient['webSocket'] =>
  async (address, { protocols = [], signal } = {}) => {
    const url = new URL(address, origin)
    const ofPages = url.origin.replace(/^ws/, 'http')
    if (!origins.has(ofPages)) throw new TypeError(`${ofPages} is not listed`)
    url.protocol = url.protocol.replace('http', 'ws')
    const grant = await untilAborted(usableToken(true), signal)
    const own = grant ? [OWN_PROTOCOL, `${OWN_PROTOCOL}.bearer.${grant.token}`] : []
    return new WebSocket(url, [...protocols, ...own])
  }
