import type { Service } from '@gatehouse/http-service/build-service'
import { listen } from './listen.ts'
import type { Room } from './room.ts'

type Where = Parameters<typeof listen>[1]
type Listener = Parameters<typeof listen>[0]

export type RoomParts = Omit<Room, 'url' | 'opsUrl'> & {
  readonly service: { readonly app: Listener; readonly at: Where }
  readonly ops: { readonly app: Service; readonly at: Where }
}

/**
 * Lets a room listen, its private listener first.
 * @throws what kept it from listening, such as EADDRINUSE; it has been closed by then, and leaves nothing behind
 */
export async function openRoom({ service, ops, ...room }: RoomParts): Promise<Room> {
  try {
    const opsUrl = await listen(ops.app, ops.at)
    const url = await listen(service.app, service.at)
    return { ...room, url, opsUrl }
  } catch (error) {
    await room.close()
    throw error
  }
}
