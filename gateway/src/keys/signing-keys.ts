import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { download } from './download.ts'
import { type KeySet, readKeySet, type VerificationKey } from './key-set.ts'

/** The issuer's keys, as this gateway holds them. */
export type SigningKeys = {
  /** whether a set has ever been had */
  readonly loaded: boolean
  /** changes whenever the set does */
  readonly version: string
  /** the keys that it holds, by name */
  readonly kids: readonly string[]
  /** The key of a `kid`, after one fetch where it is unknown; null where it stays unknown. */
  find(kid: string): Promise<VerificationKey | null>
  /** Fetches the set now; false where that failed and the last good set stays. */
  refresh(): Promise<boolean>
  close(): void
}

export type SigningKeysOptions = {
  /** where the issuer has it; asked each time, because an issuer may say another place from then on */
  url: string | (() => Promise<string>)
  /** where the last good set is kept, so that a gateway starts while the issuer is away */
  file: string
  clock: () => number
  onFault: (reason: string) => void
}

const REFRESH_MS = 60_000
const RETRY_MS = 200
/** between two fetches for unknown kids: a flood of them costs the issuer nothing */
const COOLDOWN_MS = 5000

/** Holds the issuer's key set: fetched, refreshed, kept on disk; a fetch that fails changes nothing. */
export async function openSigningKeys(options: SigningKeysOptions): Promise<SigningKeys> {
  const { url, file, clock, onFault } = options
  let held: KeySet | null = readKept(file)
  let keptVersion = held?.version
  let underWay: Promise<boolean> | null = null
  let inTouch = true
  let lastFetchMs = Number.NEGATIVE_INFINITY

  /** A full disk must not keep a withdrawn key in force: the set counts, kept or not, and the next fetch tries again. */
  const keepOrTell = (version: string, text: string): void => {
    try {
      keep(file, text)
      keptVersion = version
    } catch (error) {
      onFault(`the key set could not be kept: ${messageOf(error)}`)
    }
  }
  const fetchSet = async (): Promise<boolean> => {
    lastFetchMs = clock()
    try {
      const text = await download(typeof url === 'string' ? url : await url())
      const fetched = readKeySet(text)
      if (fetched === null) throw new Error('the document has no usable key')
      held = fetched
      inTouch = true
      if (fetched.version !== keptVersion) keepOrTell(fetched.version, text)
      return true
    } catch (error) {
      // An outage is told of once, not at every attempt to end it.
      if (inTouch) onFault(messageOf(error))
      inTouch = false
      return false
    }
  }
  /** Whoever asks while a fetch is under way waits for that one. */
  const refresh = (): Promise<boolean> => {
    underWay ??= fetchSet().finally(() => {
      underWay = null
    })
    return underWay
  }

  let timer: NodeJS.Timeout
  const refreshForEver = async (): Promise<void> => {
    const fetched = await refresh()
    timer = setTimeout(refreshForEver, fetched ? REFRESH_MS : RETRY_MS).unref()
  }
  await refreshForEver()

  return {
    get loaded() {
      return held !== null
    },
    get version() {
      return held?.version ?? ''
    },
    get kids() {
      return [...(held?.keys.keys() ?? [])]
    },
    async find(kid) {
      const known = held?.keys.get(kid)
      if (known !== undefined) return known
      if (underWay === null && clock() - lastFetchMs < COOLDOWN_MS) return null
      await refresh()
      return held?.keys.get(kid) ?? null
    },
    refresh,
    close: () => clearTimeout(timer)
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

function readKept(file: string): KeySet | null {
  try {
    return readKeySet(readFileSync(file, 'utf8'))
  } catch {
    return null
  }
}

/** Whole or not at all: a gateway that is killed here must not find half a set. */
function keep(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
