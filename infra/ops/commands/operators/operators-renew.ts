import type { Command } from '../../command.ts'

type Renewed = { readonly name: string; readonly token: string; readonly expiresAt: string }

export const operatorsRenew: Command = {
  name: 'operators renew',
  usage: '',
  summary:
    'Replaces your token, which somebody else has created, with one that only you have seen. It ' +
    'expires when the old one would have expired.',
  words: [0, 0],
  async run(_typed, { ops }) {
    const renewed = await ops.call<Renewed>('POST', '/ops/operators/me/token')
    const { name, token, expiresAt } = renewed
    return {
      json: renewed,
      text: `The token of ${name} until ${expiresAt}, which is not shown again: ${token}`
    }
  }
}
