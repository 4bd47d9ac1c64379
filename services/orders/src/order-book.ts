import { randomUUID } from 'node:crypto'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'

export type Order = {
  readonly id: string
  /** the account that placed it */
  readonly owner: string
  readonly item: string
  readonly quantity: number
  /** ISO 8601 */
  readonly createdAt: string
}

/** The visible orders: those of one account, or all. */
export type Visibility = { readonly owner: string } | 'all'

export type OrderBook = {
  place(owner: string, item: string, quantity: number): Order
  /** the newest first, at most a hundred */
  list(visibility: Visibility): Order[]
  find(id: string, visibility: Visibility): Order | null
  close(): void
}

const SCHEMA = `
  create table if not exists orders (
    id text primary key, owner text not null, item text not null, quantity integer not null, created_at text not null
  ) strict;
  create index if not exists orders_of_owner on orders (owner, created_at desc);
  create index if not exists orders_by_time on orders (created_at desc)`

/** The orders, in a separate file. */
export function openOrderBook(file: string): OrderBook {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // SQLite would create it readable by others.
  closeSync(openSync(file, 'a', 0o600))
  const database = new DatabaseSync(file)
  database.exec(`pragma journal_mode = wal; ${SCHEMA}`)
  const insert = database.prepare('insert into orders values (?, ?, ?, ?, ?)')
  // Each uses an index: a table of many orders must not keep the event loop busy.
  const newest = database.prepare('select * from orders order by created_at desc limit 100')
  const newestOf = database.prepare(
    'select * from orders where owner = ? order by created_at desc limit 100'
  )
  const byId = database.prepare('select * from orders where id = ?')
  return {
    place(owner, item, quantity) {
      const order = { id: randomUUID(), owner, item, quantity, createdAt: new Date().toISOString() }
      insert.run(order.id, owner, item, quantity, order.createdAt)
      return order
    },
    list: (visibility) =>
      (visibility === 'all' ? newest.all() : newestOf.all(visibility.owner)).map(toOrder),
    find(id, visibility) {
      const row = byId.get(id)
      const order = row === undefined ? null : toOrder(row)
      return visibility === 'all' || order?.owner === visibility.owner ? order : null
    },
    close: () => database.close()
  }
}

function toOrder(row: Record<string, SQLOutputValue>): Order {
  return {
    id: String(row.id),
    owner: String(row.owner),
    item: String(row.item),
    quantity: Number(row.quantity),
    createdAt: String(row.created_at)
  }
}
