import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sender } from '../mail-address.ts'
import type { MailTransport } from '../sending/outgoing-mail.ts'
import { mailMessage } from './mail-message.ts'

type FileTransportOptions = {
  readonly folder: string
  readonly from: Sender
  readonly clock: () => number
  /** is called with each letter, for the developer */
  readonly onLetter: (letter: { readonly file: string; readonly link: string }) => void
}

/** For development: each letter becomes a file, which mail programs open. */
export const fileTransport = ({
  folder,
  from,
  clock,
  onLetter
}: FileTransportOptions): MailTransport => ({
  async send(mail) {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const time = new Date(clock()).toISOString().replaceAll(/[:.]/g, '-')
    const file = join(folder, `${time}-${mail.letter}-${mail.id.slice(-8)}.eml`)
    await writeFile(file, await mailMessage(mail, from), { mode: 0o600 })
    onLetter({ file, link: mail.link })
    return { outcome: 'delivered', status: null }
  }
})
