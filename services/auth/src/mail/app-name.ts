import { SettingsFault } from '@gatehouse/settings/read-settings'
import { readSender, type Sender } from './mail-address.ts'
import type { MailConfig } from './mail-settings.ts'

/** @throws SettingsFault */
export function senderOf({ AUTH_MAIL_FROM }: Pick<MailConfig, 'AUTH_MAIL_FROM'>): Sender {
  const sender = readSender(AUTH_MAIL_FROM)
  if (sender === null) throw new SettingsFault(['AUTH_MAIL_FROM must be one address'])
  return sender
}

/** What letters and authenticator apps call this installation. */
export function appName(config: Pick<MailConfig, 'AUTH_MAIL_FROM' | 'AUTH_APP_URL'>): string {
  const { name } = senderOf(config)
  return name === '' ? new URL(config.AUTH_APP_URL).host : name
}
