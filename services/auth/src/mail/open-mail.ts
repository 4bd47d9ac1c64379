import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unreadable } from '@gatehouse/settings/file-fault'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import type { Database } from '../database/open-database.ts'
import { forgetTokens } from '../link-tokens/link-tokens.ts'
import { forgetDeliveries } from '../outbox/forget-deliveries.ts'
import { startIdleLanes } from '../outbox/lanes.ts'
import type { Ports } from '../ports.ts'
import type { KeyRing } from '../secrets/key-ring.ts'
import type { SealingKeys } from '../secrets/seal.ts'
import { appName, senderOf } from './app-name.ts'
import type { OperatedMail } from './mail.ts'
import type { Sender } from './mail-address.ts'
import { type MailOptions, type MailParts, mailParts, silentMail } from './mail-parts.ts'
import { type MailConfig, mailServerOf, requiresTls } from './mail-settings.ts'
import { linksUrl } from './pages-url.ts'
import { forgetDiscarded } from './queue/forget-discarded.ts'
import type { PrepareLetters } from './sending/mail-channel.ts'
import type { MailTransport } from './sending/outgoing-mail.ts'
import { readTemplates } from './templates/templates.ts'
import { fileTransport } from './transports/file-transport.ts'
import { smtpTransport } from './transports/smtp-transport.ts'
import { webhookTransport } from './transports/webhook-transport.ts'

type MailPorts = Pick<
  Ports,
  'log' | 'registry' | 'monotonicClock' | 'closing' | 'jobs' | 'cleanups'
> & {
  readonly database: Database
  readonly sealing: SealingKeys
  readonly ring: KeyRing
  /** the recipient of each letter */
  readonly prepare: PrepareLetters
  readonly clock: () => number
}

const TIMEOUT_MS = 30_000
const CONCURRENCY = 4

/** @throws SettingsFault if a template or the file of an authority cannot be used */
export function openMail(config: MailConfig, ports: MailPorts): OperatedMail {
  const { database, jobs, cleanups, clock } = ports
  const db = database.tables
  const from = senderOf(config)
  const { AUTH_MAIL_TEMPLATES_DIR: folder = null, AUTH_MAIL_LANGUAGE: fallback } = config
  const templates = readTemplates(folder, fallback)
  const transport = transportOf(config, from, ports)
  const { mail, count } =
    transport === null
      ? silentMail({ ...ports, db, templates })
      : openDelivery(config, ports, { db, templates, transport })
  jobs.push({ name: 'count e-mails', run: count })
  cleanups.push(
    startIdleLanes(db, 'mail', clock),
    forgetDeliveries(db, 'mail', config.AUTH_MAIL_RETENTION_DAYS, clock),
    forgetDiscarded(db, clock),
    forgetTokens(db, clock)
  )
  return mail
}

/** Sends letters, in the background. */
function openDelivery(
  config: MailConfig,
  ports: MailPorts,
  options: Pick<MailOptions, 'db' | 'templates' | 'transport'>
): MailParts {
  const { log, closing, jobs } = ports
  const parts = mailParts({
    ...ports,
    ...options,
    app: appName(config),
    appUrl: linksUrl(config),
    concurrency: CONCURRENCY,
    timeoutMs: TIMEOUT_MS,
    random: Math.random,
    onFault: (err, failed) =>
      log.warn(
        { err },
        failed === 'send'
          ? 'an internal error prevented the sending of an e-mail'
          : 'the result of sending an e-mail was not recorded'
      )
  })
  closing.defer(parts.deliverer.close)
  jobs.push({ name: 'send mail', run: parts.deliverer.run })
  return parts
}

/** Null in production without AUTH_MAIL_URL: no mail is sent. */
function transportOf(
  config: MailConfig,
  from: Sender,
  { log, clock }: Pick<MailPorts, 'log' | 'clock'>
): MailTransport | null {
  const { AUTH_MAIL_URL: text, NODE_ENV } = config
  const server = text === undefined ? null : mailServerOf(text)
  if (server?.kind === 'smtp') {
    return smtpTransport({
      server,
      from,
      requiresTls: requiresTls(server, config.AUTH_MAIL_TLS),
      ca: caOf(config),
      timeoutMs: TIMEOUT_MS
    })
  }
  if (server?.kind === 'webhook') {
    const secret = config.AUTH_MAIL_WEBHOOK_SECRET ?? ''
    return webhookTransport({ url: server.url, secret, from, timeoutMs: TIMEOUT_MS, clock })
  }
  if (NODE_ENV === 'production') return null
  return fileTransport({
    folder: join(config.GATEHOUSE_DATA_DIR, 'mail'),
    from,
    clock,
    onLetter: (letter) =>
      log.warn(letter, 'AUTH_MAIL_URL is not set: an e-mail was written to a file')
  })
}

function caOf({ AUTH_MAIL_CA_FILE: file }: MailConfig): string | null {
  if (file === undefined) return null
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const fault = unreadable(file, error)
    if (fault === null) throw error
    throw new SettingsFault([`AUTH_MAIL_CA_FILE: ${fault}`])
  }
}
