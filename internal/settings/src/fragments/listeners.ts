import { Type } from 'typebox'
import { hostFault } from './formats.ts'
import { words } from './words.ts'

export const port = (fallback: number) =>
  Type.Integer({ default: fallback, minimum: 0, maximum: 65535 })

export const host = (fallback = '127.0.0.1') =>
  Type.String({
    title: 'an IP address or the name of a host, without a port',
    faultOf: hostFault,
    default: fallback
  })

/** The names by which clients reach a listener. */
export const hostNames = () =>
  Type.String({
    title: 'a list of names of hosts, without ports, separated by spaces or commas',
    faultOf: hostsFault,
    default: ''
  })

function hostsFault(list: string): string | null {
  for (const [index, word] of words(list).entries()) {
    const fault = hostFault(word)
    if (fault !== null) return `entry ${index + 1}: ${fault}`
  }
  return null
}
