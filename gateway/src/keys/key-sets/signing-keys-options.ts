import type { ClientTlsReader } from '@gatehouse/tls/client-settings'
import type { KeySetForm } from './key-set.ts'

export type SigningKeysOptions = {
  /** the address of the set; read each time, because an issuer may change it */
  readonly url: string | (() => Promise<string>)
  readonly form: KeySetForm
  /** the file for the last good set, so that a gateway can start while the issuer is unreachable */
  readonly file: string
  readonly clock: () => number
  readonly monotonicClock: () => number
  readonly onFault: (reason: string) => void
  /** how long a set is trusted without contact to the issuer or the log; unset: forever */
  readonly trustSeconds?: number
  /** how the certificate of the issuer is verified; null: as those of the public web */
  readonly tls?: ClientTlsReader | null
  /** how long one download of the set may take */
  readonly downloadMs?: number
  /** how long a start, or a request with an unknown key, waits for a fetch */
  readonly patienceMs?: number
  /** between two fetches for unknown keys */
  readonly cooldownMs?: number
  /** the longest pause between two fetches that fail */
  readonly longestPauseMs?: number
}
