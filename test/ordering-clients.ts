import { readFileSync } from 'node:fs'
import { client } from '@gatehouse/fixtures/client'

/** How many clients order at a time. */
export const CLIENTS = 8

/** Clients of a gateway that order one thing after the other, until they are told to stop. */
export function ordering(url: string, token: string) {
  const { call } = client(url)
  const statuses: number[] = []
  let going = true
  const order = async () => {
    while (going) {
      const { status } = await call('/orders', { token, json: { item: 'tea', quantity: 1 } })
      statuses.push(status)
    }
  }
  const clients = Array.from({ length: CLIENTS }, order)
  const more = async (count: number) => {
    const enough = statuses.length + count
    while (statuses.length < enough) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const stop = async () => {
    going = false
    await Promise.all(clients)
  }
  return { statuses, more, stop, failed: () => statuses.filter((status) => status !== 201) }
}

/**
 * How many connections of this machine to the port of this address are established, for as much as
 * their own end knows.
 */
export function connectionsTo(url: string): number {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0')
  const sockets = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)
  return sockets.filter((line) => {
    const [, , remote, state] = line.trim().split(/\s+/)
    return state === '01' && remote?.endsWith(`:${port}`)
  }).length
}
