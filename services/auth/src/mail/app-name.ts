import { SettingsFault } from '@gatehouse/settings/read-settings'
import type { AuthConfig } from '../config.ts'
import { readSender, type Sender } from './mail-address.ts'

/** @throws SettingsFault */
export function senderOf({ AUTH_MAIL_FROM }: Pick<AuthConfig, 'AUTH_MAIL_FROM'>): Sender {
  const sender = readSender(AUTH_MAIL_FROM)
  if (sender === null) throw new SettingsFault(['AUTH_MAIL_FROM must be one address'])
  return sender
}

/** What letters and authenticator apps call this installation. */
export function appName(config: Pick<AuthConfig, 'AUTH_MAIL_FROM' | 'AUTH_APP_URL'>): string {
  const { name } = senderOf(config)
  return name === '' ? new URL(config.AUTH_APP_URL).host : name
}
