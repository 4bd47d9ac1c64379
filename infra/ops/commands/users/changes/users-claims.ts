import type { Command } from '../../../command.ts'
import { BadUsage } from '../../../failures.ts'
import { type User, userTable } from '../user-responses.ts'

export const usersClaims: Command = {
  name: 'users claims',
  usage: 'ID [NAME=TEXT | NAME:=JSON]…',
  summary:
    'Replaces the claims of a user (by id or e-mail), such as a tenant. The next access token has ' +
    'those that AUTH_TOKEN_CLAIMS lists.',
  words: [1, 33],
  async run({ positionals: [user = '', ...given] }, { ops }) {
    const claims = Object.fromEntries(given.map(readClaim))
    const path = `/ops/users/${encodeURIComponent(user)}/claims`
    const response = await ops.call<{ user: User }>('PUT', path, { claims })
    const text = `${userTable([response.user])}\n\nclaims: ${JSON.stringify(response.user.claims)}`
    return { json: response, text }
  }
}

function readClaim(given: string): [name: string, value: unknown] {
  const at = given.indexOf('=')
  if (at < 1) throw new BadUsage(`${given}: write NAME=TEXT, or NAME:=JSON.`)
  const value = given.slice(at + 1)
  if (given[at - 1] !== ':') return [given.slice(0, at), value]
  try {
    return [given.slice(0, at - 1), JSON.parse(value)]
  } catch {
    throw new BadUsage(`${given}: the text after := is not JSON.`)
  }
}
