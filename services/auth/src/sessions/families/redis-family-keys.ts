/** One hash per user: a single key, so each script is atomic, even in a cluster. */
export const familiesKey = (subject: string) => `gatehouse:{sessions}:${subject}`

/** A marker that is lost if all data is lost. */
export const MARK = 'gatehouse:{sessions}:mark'

/** The ends that the database may not have yet, by session, as JSON. */
export const UNRECORDED = 'gatehouse:{sessions}:unrecorded'
