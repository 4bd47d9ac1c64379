import type { Sender } from '../mail-address.ts'
import type { OutgoingMail } from '../sending/outgoing-mail.ts'

/** A letter as RFC 5322 has it. Its only recipient is the address of the envelope. */
export async function mailMessage(mail: OutgoingMail, from: Sender): Promise<Buffer> {
  const { id, to, subject, text, html, language } = mail
  // Loaded for the first letter: many installations send none.
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer')
  const composer = new MailComposer({
    from,
    to: { name: '', address: to },
    subject: subject.replaceAll(/[\r\n]+/g, ' '),
    text,
    html,
    // The same in every attempt, so that mailboxes can recognise a repeated letter.
    messageId: `<${id}@${from.address.split('@').at(-1)}>`,
    headers: {
      // RFC 3834 §5: no vacation notice is due.
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      'Content-Language': language
    },
    disableFileAccess: true,
    disableUrlAccess: true
  })
  return composer.compile().build()
}
