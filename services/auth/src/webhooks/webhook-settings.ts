import { isIP, isIPv6 } from 'node:net'
import { words } from '@gatehouse/settings/words'
import { type Static, Type } from 'typebox'

/** The settings of webhooks. .env.example describes each of them. */
export const webhookSettings = {
  AUTH_WEBHOOK_PRIVATE_HOSTS: Type.String({ default: '' }),
  AUTH_WEBHOOK_TIMEOUT_SECONDS: Type.Integer({ default: 15, minimum: 1, maximum: 60 }),
  AUTH_WEBHOOK_CONCURRENCY: Type.Integer({ default: 4, minimum: 1, maximum: 100 }),
  /** 0: never */
  AUTH_WEBHOOK_DISABLE_DAYS: Type.Number({ default: 5, minimum: 0, maximum: 365 }),
  AUTH_WEBHOOK_RETENTION_DAYS: Type.Number({ default: 30, minimum: 5, maximum: 3650 })
}

export type WebhookConfig = Static<ReturnType<typeof Type.Object<typeof webhookSettings>>>

/** what a host name consists of (RFC 1123 §2.1) */
const HOST_NAME = /^[a-z0-9.-]{1,253}$/i

/** What is wrong with the settings. */
export const webhookFaults = ({
  AUTH_WEBHOOK_PRIVATE_HOSTS: text
}: Pick<WebhookConfig, 'AUTH_WEBHOOK_PRIVATE_HOSTS'>): string[] =>
  words(text)
    .filter((one) => !isHostOrNetwork(one))
    .map(
      (one) =>
        `AUTH_WEBHOOK_PRIVATE_HOSTS: "${one}" is neither a host name, nor an address, nor a network such as 10.0.0.0/8`
    )

function isHostOrNetwork(text: string): boolean {
  const [address = '', bits, more] = text.split('/')
  if (isIP(address) === 0)
    return bits === undefined && HOST_NAME.test(text) && !/^[\d.]+$/.test(text)
  if (bits === undefined) return true
  const most = isIPv6(address) ? 128 : 32
  return more === undefined && /^\d{1,3}$/.test(bits) && Number(bits) <= most
}
