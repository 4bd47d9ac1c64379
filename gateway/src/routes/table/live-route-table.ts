import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import type { RouteTable } from './route-table.ts'

/**
 * The current route table. It is read again on demand, and when its file or a file that it names
 * changes.
 */
export type LiveRouteTable = {
  current(): RouteTable
  /** Calls after each change, when the new table is in force. */
  onChange(tell: () => void): void
  reload(): void
  close(): void
}

type LiveRouteTableOptions = {
  readonly first: RouteTable
  /** polled: the file may be replaced, or be a link to a file that is replaced */
  readonly file: string
  /** @throws if the table is invalid or unsafe */
  readonly load: () => RouteTable
  readonly onReload: (table: RouteTable) => void
  readonly onFault: (error: unknown) => void
  readonly intervalMs?: number
}

const INTERVAL_MS = 1000
const CUT = 'the file has lost its final newline: it is taken for one that is still being written'

/**
 * A request uses either the old table or the new one, never a mixture. A table with a fault is
 * reported, and the old one stays.
 */
export function liveRouteTable(options: LiveRouteTableOptions): LiveRouteTable {
  const { first, file, load, onReload, onFault, intervalMs = INTERVAL_MS } = options
  const followers: (() => void)[] = []
  let table = first
  const watched = new Set<string>()
  const watch = (): void => {
    const files = new Set([file, ...table.files])
    for (const one of watched) if (!files.has(one)) unwatchFile(one, reload)
    for (const one of files)
      if (!watched.has(one)) watchFile(one, { interval: intervalMs, persistent: false }, reload)
    watched.clear()
    for (const one of files) watched.add(one)
  }
  let wasWhole = endsALine(file)
  const reload = (): void => {
    try {
      const isWhole = endsALine(file)
      // The beginning of a table can be valid, and protect less.
      if (wasWhole && !isWhole) throw new SettingsFault([CUT])
      table = load()
      wasWhole = isWhole
      watch()
      onReload(table)
      for (const tell of followers) tell()
    } catch (error) {
      onFault(error)
    }
  }
  watch()
  return {
    current: () => table,
    onChange: (tell) => followers.push(tell),
    reload,
    close() {
      for (const one of watched) unwatchFile(one, reload)
    }
  }
}

function endsALine(file: string): boolean {
  try {
    return readFileSync(file, 'utf8').endsWith('\n')
  } catch {
    // Reading the table then fails too, and says why.
    return true
  }
}
