import { unwatchFile, watchFile } from 'node:fs'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import { readText } from '@gatehouse/settings/read-text'
import type { RouteTable } from './route-table.ts'

/**
 * The current route table. It is read again on demand, and when its file or a file that it names
 * changes.
 */
export type LiveRouteTable = {
  current(): RouteTable
  /** What was wrong with the file when it was last read; empty: its table is in force. */
  faults(): readonly string[]
  /** Calls after each change, when the new table is in force. */
  onChange(listener: () => void): void
  /** Calls after each time that the file was read, whether its table is in force or has faults. */
  onRead(listener: () => void): void
  /** Reads the file again. Returns what is wrong with it: then the old table stays. */
  reload(): readonly string[]
  /** Rules of the table in force that do not apply everywhere (`pageWarnings`). */
  warnings(): readonly string[]
  /**
   * Reads another text, without using it.
   * @throws SettingsFault
   */
  validate(yaml: string): Promise<ValidatedTable>
  close(): void
}

/** What is known of a table that is not used. */
export type ValidatedTable = {
  /** how many it has */
  readonly routes: number
  /** as `LiveRouteTable.warnings` */
  readonly warnings: readonly string[]
}

/** Understands the text of a route table. */
export type RouteReader = {
  /** @throws SettingsFault if the table is invalid or unsafe */
  read(yaml: string): RouteTable
  /** The files that the table names, even if it is refused because of one of them. */
  filesNamedIn(yaml: string): readonly string[]
  /** Rules of a table that do not apply everywhere. */
  warningsOf(table: RouteTable): readonly string[]
  /**
   * Reads a text that an operator has sent.
   * @throws SettingsFault
   */
  validate(yaml: string, current: RouteTable): Promise<ValidatedTable>
}

type LiveRouteTableOptions = {
  readonly first: RouteTable
  /** polled: the file may be replaced, or be a link to a file that is replaced */
  readonly file: string
  readonly reader: RouteReader
  readonly onReload: (table: RouteTable) => void
  readonly onFault: (error: unknown) => void
  /** a follower has failed; the table is in force, and the other followers are still called */
  readonly onFollowerFault: (error: unknown) => void
  readonly intervalMs?: number
}

const INTERVAL_MS = 1000
const CUT = 'the file has lost its final newline: it is taken for one that is still being written'

/**
 * A request uses either the old table or the new one, never a mixture. A table with a fault is
 * reported, and the old one stays.
 */
export function liveRouteTable(options: LiveRouteTableOptions): LiveRouteTable {
  const { first, file, reader, onReload, onFault, onFollowerFault } = options
  const { intervalMs: interval = INTERVAL_MS } = options
  const followers: (() => void)[] = []
  const readers: (() => void)[] = []
  let table = first
  let faults: readonly string[] = []
  const watched = new Set<string>()
  const watch = (named: readonly string[]): void => {
    const files = new Set([file, ...named])
    for (const one of watched) if (!files.has(one)) unwatchFile(one, reload)
    for (const one of files)
      if (!watched.has(one)) watchFile(one, { interval, persistent: false }, reload)
    watched.clear()
    for (const one of files) watched.add(one)
  }
  let wasWhole = endsALine(file)
  const reload = (): readonly string[] => {
    faults = read()
    for (const tell of readers) tell()
    return faults
  }
  const read = (): readonly string[] => {
    let text = ''
    try {
      text = readText(file)
      const isWhole = text.endsWith('\n')
      // The beginning of a table can be valid, and protect less.
      if (wasWhole && !isWhole) throw new SettingsFault([CUT])
      table = reader.read(text)
      wasWhole = isWhole
    } catch (error) {
      // The refused table may only wait for a certificate that is written after it.
      watch([...table.files, ...reader.filesNamedIn(text)])
      onFault(error)
      return error instanceof SettingsFault ? error.faults : [`${file}: cannot be read`]
    }
    watch(table.files)
    onReload(table)
    for (const listener of followers) {
      try {
        listener()
      } catch (error) {
        onFollowerFault(error)
      }
    }
    return []
  }
  watch(table.files)
  return {
    current: () => table,
    faults: () => faults,
    onRead: (listener) => readers.push(listener),
    onChange: (listener) => followers.push(listener),
    reload,
    warnings: () => reader.warningsOf(table),
    validate: (yaml) => reader.validate(yaml, table),
    close() {
      for (const one of watched) unwatchFile(one, reload)
    }
  }
}

function endsALine(file: string): boolean {
  try {
    return readText(file).endsWith('\n')
  } catch {
    // A reload then fails too, and says why.
    return true
  }
}
