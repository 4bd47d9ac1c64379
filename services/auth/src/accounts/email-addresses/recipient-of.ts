import type { Recipient } from '../../mail/sending/mail-channel.ts'
import { isTyped } from './email.ts'

type Address = { readonly email: string; readonly emailTyped?: string | null | undefined }

/**
 * The recipient of a letter. A typed address that is not the one in `email` belongs to an earlier
 * address.
 */
export const recipientOf = (
  { email, emailTyped }: Address,
  values: Recipient['values']
): Recipient => ({ email, emailTyped: isTyped(emailTyped, email) ? emailTyped : null, values })
