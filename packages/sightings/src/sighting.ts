/**
 * A token of a session was used, so its holder has the answer that the token came in. Until then a refresh token that is
 * presented again, however late, may only mean that the answer to the first refresh was lost.
 */
export type Sighting = {
  /** the account's id */
  readonly subject: string
  /** the session's public id */
  readonly sid: string
  /** the generation of the refresh-token family that the token was issued with */
  readonly generation: number
}

/**
 * Where sightings go.
 * @throws where the store does not take them
 */
export type TakeSightings = (batch: readonly Sighting[]) => Promise<void>
