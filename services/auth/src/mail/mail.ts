import type { MailOperations } from './mail-operations.ts'
import type { MailQueue } from './queue/mail-queue.ts'
import type { Templates } from './templates/templates.ts'

/** Letters to users, as the parts of the service send them. */
export type Mail = MailQueue &
  Pick<Templates, 'languageFor'> & {
    /** whether letters are sent; otherwise nothing may be queued that waits for one */
    readonly isOn: boolean
  }

/** The same, and the operations on the queue. */
export type OperatedMail = Mail & MailOperations
