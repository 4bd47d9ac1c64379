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
  ) strict`

/** The orders, in a separate file. */
export function openOrderBook(file: string): OrderBook {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // SQLite would create it readable by others.
  closeSync(openSync(file, 'a', 0o600))
  const database = new DatabaseSync(file)
  database.exec(`pragma journal_mode = wal; ${SCHEMA}`)
  const insert = database.prepare('insert into orders values (?, ?, ?, ?, ?)')
  const select = database.prepare(
    `select * from orders where (:owner is null or owner = :owner) and (:id is null or id = :id)
     order by created_at desc limit 100`
  )
  const query = (id: string | null, visibility: Visibility): Order[] => {
    const owner = visibility === 'all' ? null : visibility.owner
    return select.all({ id, owner }).map(toOrder)
  }
  return {
    place(owner, item, quantity) {
      const order = { id: randomUUID(), owner, item, quantity, createdAt: new Date().toISOString() }
      insert.run(order.id, owner, item, quantity, order.createdAt)
      return order
    },
    list: (visibility) => query(null, visibility),
    find: (id, visibility) => query(id, visibility)[0] ?? null,
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
