import { isIPv6 } from 'node:net'
import { isLoopbackOrigin } from '@gatehouse/edge-headers/web-origin'
import { httpUrl } from '@gatehouse/settings/http-url'
import { secret } from '@gatehouse/settings/secret'
import { type Static, Type } from 'typebox'
import { isWebhookSecret } from '../signed-post/message-signature.ts'
import { readSender } from './mail-address.ts'
import type { PagesConfig } from './pages-url.ts'

/** the example page */
const DEFAULT_APP_URL = 'http://localhost:3000/demo'
const DEFAULT_FROM = 'Gatehouse <no-reply@localhost>'

/** The settings of mail. .env.example describes each of them. */
export const mailSettings = {
  ...secret('AUTH_MAIL_URL'),
  AUTH_MAIL_FROM: Type.String({ default: DEFAULT_FROM }),
  AUTH_MAIL_TLS: Type.Enum(['required', 'optional'], { default: 'required' }),
  AUTH_MAIL_CA_FILE: Type.Optional(Type.String()),
  ...secret('AUTH_MAIL_WEBHOOK_SECRET'),
  AUTH_MAIL_LANGUAGE: Type.String({ default: 'en', minLength: 2 }),
  AUTH_MAIL_TEMPLATES_DIR: Type.Optional(Type.String()),
  AUTH_MAIL_RETENTION_DAYS: Type.Number({ default: 7, minimum: 1, maximum: 365 }),
  AUTH_PASSWORD_RESET_SECONDS: Type.Integer({ default: 3600, minimum: 300, maximum: 86_400 }),
  AUTH_EMAIL_VERIFICATION: Type.Enum(['off', 'optional', 'required'], { default: 'off' }),
  AUTH_EMAIL_VERIFICATION_SECONDS: Type.Integer({
    default: 86_400,
    minimum: 3600,
    maximum: 604_800
  }),
  AUTH_APP_URL: httpUrl(DEFAULT_APP_URL)
}

export type MailConfig = Static<ReturnType<typeof Type.Object<typeof mailSettings>>> &
  PagesConfig & {
    readonly NODE_ENV: string
    readonly GATEHOUSE_DATA_DIR: string
  }

/** Where letters go. */
export type MailServer =
  | {
      readonly kind: 'smtp'
      readonly host: string
      readonly port: number
      /** TLS from the first byte (RFC 8314 §3.3), instead of STARTTLS */
      readonly secure: boolean
      readonly user: { readonly name: string; readonly password: string } | null
    }
  | { readonly kind: 'webhook'; readonly url: URL }

const SUBMISSION = 587
const SUBMISSIONS = 465

/** Null if it is not an address of a kind that is known. */
export function mailServerOf(text: string): MailServer | null {
  const url = URL.parse(text.trim())
  if (url === null || url.hostname === '' || url.hash !== '') return null
  if (url.protocol === 'https:' || url.protocol === 'http:') {
    return url.username === '' && url.password === '' ? { kind: 'webhook', url } : null
  }
  if (url.protocol !== 'smtp:' && url.protocol !== 'smtps:') return null
  if (!['', '/'].includes(url.pathname) || url.search !== '') return null
  const secure = url.protocol === 'smtps:'
  return {
    kind: 'smtp',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? SUBMISSIONS : SUBMISSION) : Number(url.port),
    secure,
    user: userOf(url)
  }
}

function userOf({ username, password }: URL) {
  if (username === '') return null
  try {
    return { name: decodeURIComponent(username), password: decodeURIComponent(password) }
  } catch {
    return { name: username, password }
  }
}

/** Whether a server is on this machine, so that no other machine is on the way to it. */
const isLoopbackHost = (host: string): boolean =>
  isLoopbackOrigin(`http://${isIPv6(host) ? `[${host}]` : host}`)

/**
 * Whether a letter may only be sent with TLS (RFC 8314 §3): it contains a token. An operator can
 * allow a server without it.
 */
export const requiresTls = (
  { host }: Extract<MailServer, { kind: 'smtp' }>,
  tls: MailConfig['AUTH_MAIL_TLS']
): boolean => tls === 'required' && !isLoopbackHost(host)

const FORMS =
  'AUTH_MAIL_URL must be smtp://user:password@host:587, smtps://user:password@host:465 or the https URL of a webhook'

/** What is wrong with the settings. */
export function mailFaults(config: MailConfig): string[] {
  const { AUTH_MAIL_URL: text, NODE_ENV, AUTH_APP_URL } = config
  const faults: string[] = []
  if (readSender(config.AUTH_MAIL_FROM) === null) {
    faults.push('AUTH_MAIL_FROM must be one address, such as Example <no-reply@example.com>')
  }
  if (text === undefined) {
    const isNeeded = NODE_ENV === 'production' && config.AUTH_EMAIL_VERIFICATION !== 'off'
    return isNeeded ? [...faults, 'AUTH_EMAIL_VERIFICATION needs AUTH_MAIL_URL'] : faults
  }
  const server = mailServerOf(text)
  if (server === null) faults.push(FORMS)
  if (server?.kind === 'webhook') faults.push(...webhookFaults(server.url, config))
  if (NODE_ENV !== 'production') return faults
  if (config.AUTH_MAIL_FROM === DEFAULT_FROM) {
    faults.push('AUTH_MAIL_FROM must be set if AUTH_MAIL_URL is set in production')
  }
  if (AUTH_APP_URL === DEFAULT_APP_URL) {
    faults.push('AUTH_APP_URL must be set if AUTH_MAIL_URL is set in production: links lead to it')
  } else if (!/^https:/i.test(AUTH_APP_URL)) {
    faults.push('AUTH_APP_URL must be an https URL in production: its links contain tokens')
  }
  return faults
}

function webhookFaults({ protocol, hostname }: URL, config: MailConfig): string[] {
  const faults: string[] = []
  if (protocol === 'http:' && !isLoopbackHost(hostname.replace(/^\[|\]$/g, ''))) {
    faults.push('AUTH_MAIL_URL must be an https URL, unless its host is this machine')
  }
  if (!isWebhookSecret(config.AUTH_MAIL_WEBHOOK_SECRET ?? '')) {
    faults.push(
      'AUTH_MAIL_WEBHOOK_SECRET must be set if AUTH_MAIL_URL is a webhook: whsec_ and 24 to 64 random bytes in base64'
    )
  }
  return faults
}
