import type { ClientTlsReader } from '@gatehouse/tls/client-settings'
import type { KeySetForm } from './key-set.ts'

export type SigningKeysOptions = {
  /** the address of the set; read each time, because an issuer may change it */
  url: string | (() => Promise<string>)
  form: KeySetForm
  /** the file for the last good set, so that a gateway can start while the issuer is unreachable */
  file: string
  clock: () => number
  onFault: (reason: string) => void
  /** how long a set is trusted without contact to the issuer or the log; unset: forever */
  trustSeconds?: number
  /** how the certificate of the issuer is verified; null: as those of the public web */
  tls?: ClientTlsReader | null
  /** how long one download of the set may take */
  downloadMs?: number
  /** how long a start, or a request with an unknown key, waits for a fetch */
  patienceMs?: number
  /** between two fetches for unknown keys */
  cooldownMs?: number
  /** the longest pause between two fetches that fail */
  longestPauseMs?: number
}
