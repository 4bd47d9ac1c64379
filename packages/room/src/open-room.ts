import type { Service } from '@gatehouse/http-service/build-service'
import { listen } from './listen.ts'
import { listenFault } from './listen-fault.ts'
import type { Room } from './room.ts'

type Where = Parameters<typeof listen>[1]
type Listener = Parameters<typeof listen>[0]

export type RoomParts = Omit<Room, 'url' | 'opsUrl'> & {
  readonly service: { readonly app: Listener; readonly at: Where }
  readonly ops: { readonly app: Service; readonly at: Where }
}

/**
 * Lets a room listen, its private listener first.
 * @throws StartFault with the code of what kept it from listening, such as EADDRINUSE; it has been closed by then, and leaves
 * nothing behind
 */
export async function openRoom({ service, ops, ...room }: RoomParts): Promise<Room> {
  try {
    const settings = room.name.toUpperCase()
    const opsUrl = await listenAs(`${settings}_OPS`, ops)
    const url = await listenAs(settings, service)
    return { ...room, url, opsUrl }
  } catch (error) {
    await room.close()
    throw error
  }
}

async function listenAs(settings: string, { app, at }: RoomParts['service']): Promise<string> {
  try {
    return await listen(app, at)
  } catch (error) {
    throw listenFault(error, settings, at)
  }
}
