import { type SealingKeys, seal, unsealWithAny } from '../secrets/seal.ts'

/** What becomes an account once its address is proven. */
export type PendingRegistration = {
  /** as `Account` has it; an earlier version did not keep it */
  readonly emailTyped?: string | null
  readonly passwordHash: string
  readonly roles: readonly string[]
  readonly scope: readonly string[]
  /** the id of the invitation that it uses; null: none */
  readonly invitation: string | null
}

const about = (email: string): string => `registration ${email}`

export const sealRegistration = (
  registration: PendingRegistration,
  [newest]: SealingKeys,
  email: string
): string => seal(JSON.stringify(registration), newest, about(email))

/** Null if another key has encrypted it. */
export function unsealRegistration(
  sealed: string,
  keys: SealingKeys,
  email: string
): PendingRegistration | null {
  try {
    return JSON.parse(unsealWithAny(sealed, keys, about(email)).secret)
  } catch {
    return null
  }
}
