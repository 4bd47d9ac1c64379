import { sessionKey } from '@gatehouse/redis/session-key'

/** One hash per user: a single key, so each script is atomic, even in a cluster. */
export const familiesKey = (subject: string) => sessionKey(subject)

/** A marker that is lost if all data is lost. */
export const MARK = sessionKey('mark')

/** The ends that the database may not have yet, by session, as JSON. */
export const UNRECORDED = sessionKey('unrecorded')
