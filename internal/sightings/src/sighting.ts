/**
 * A token of a session was used, so the client has received the response that contained it. Before
 * that, a refresh token that is presented again, however late, may mean only that the response to
 * the first refresh was lost.
 */
export type Sighting = {
  /** the account's id */
  readonly subject: string
  /** the session's public id */
  readonly sid: string
  /** the generation of the refresh-token family at which the token was issued */
  readonly generation: number
}

/**
 * Writes sightings to the store.
 * @throws if the store does not accept them
 */
export type TakeSightings = (batch: readonly Sighting[]) => Promise<void>
