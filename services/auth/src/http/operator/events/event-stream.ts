import { Readable } from 'node:stream'
import type { EventFeed, Following } from '../../../live-events/event-feed.ts'
import { eventText } from './event-text.ts'

/** what one connection may leave unread */
const BUFFER_BYTES = 65_536
/** in reads of the stores, about one per second */
const BEAT_POLLS = 15
/** after so many reads of the stores without room in the buffer, the connection is closed */
const MOST_STALLED = 60
/** how long a client waits before it connects again, in milliseconds */
const RETRY_MS = 2000

type EventStreamOptions = {
  readonly feed: EventFeed
  readonly after: number | null
  readonly isAllowed: () => boolean | Promise<boolean>
  /** false: the stream ends when everything so far is sent, and the client reconnects */
  readonly isFollowed: boolean
}

/** The body of a response that sends live events. */
export async function eventStream(options: EventStreamOptions): Promise<Readable> {
  const { feed, after, isAllowed, isFollowed } = options
  let following: Following | null = null
  let quiet = 0
  let stalled = 0
  const stream = new Readable({
    highWaterMark: BUFFER_BYTES,
    read() {
      stalled = 0
      following?.resume()
    },
    destroy(error, done) {
      following?.stop()
      done(error)
    }
  })
  stream.push(`retry: ${RETRY_MS}\n\n`)
  following = await feed.follow({
    after,
    isAllowed,
    send(event, position) {
      quiet = 0
      return stream.push(eventText(event, position))
    },
    beat() {
      if (stream.readableLength >= BUFFER_BYTES) {
        stalled += 1
        if (stalled > MOST_STALLED) stream.destroy()
        return
      }
      quiet += 1
      if (quiet % BEAT_POLLS === 0) stream.push(': beat\n\n')
    },
    end: () => void stream.push(null)
  })
  if (!isFollowed) {
    following.stop()
    stream.push(null)
  }
  return stream
}
