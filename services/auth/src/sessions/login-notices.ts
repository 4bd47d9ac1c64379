import type { Account } from '../accounts/account.ts'
import type { Mail } from '../mail/mail.ts'
import { noticeOf } from '../mail/notices.ts'
import type { Reader } from '../mail/queue/queued-mail.ts'
import type { WithLogin } from './durable/open-session.ts'

/** In the first hour of an account, a login with another device is not reported to its owner. */
const NEW_ACCOUNT_SECONDS = 3600

const isOld = ({ createdAt }: Account, nowMs: number): boolean =>
  nowMs / 1000 - createdAt > NEW_ACCOUNT_SECONDS

type Login = {
  readonly account: Account
  /** whether the account has signed in with this device, or from this network, before */
  readonly isKnown: boolean
  /** the kind of browser or program; may be empty */
  readonly device: string
  readonly reader: Reader
}

/**
 * What a login notifies the owner of: that it has cancelled the deletion of the account, and that
 * it comes from a new device. The letters are queued in the transaction of the login.
 */
export const loginNotices =
  ({ account, isKnown, device, reader }: Login, mail: Pick<Mail, 'add'>): WithLogin =>
  async (transaction, nowMs, { deleteAfter }) => {
    if (deleteAfter !== null) {
      const kept = noticeOf('deletion-cancelled', account, reader, nowMs)
      await mail.add(transaction, kept, nowMs)
    }
    if (isKnown || !isOld(account, nowMs)) return
    const notice = noticeOf('new-device', account, reader, nowMs, { device })
    await mail.add(transaction, notice, nowMs)
  }
