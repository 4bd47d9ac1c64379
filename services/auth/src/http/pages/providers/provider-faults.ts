import type { TextName } from '../text/en.ts'

/** What the fragment says if a login has failed at a provider (docs/providers.md). */
const texts: Readonly<Record<string, TextName>> = {
  denied: 'providerDenied',
  expired: 'providerExpired',
  unavailable: 'providerUnavailable'
}

/** @param error from the fragment; empty: the login has not failed */
export const providerFault = (error: string): TextName | null =>
  error === '' ? null : (Object.hasOwn(texts, error) && texts[error]) || 'providerFailed'
