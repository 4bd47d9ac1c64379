import type { Command } from '../command.ts'

export const tokensRevokeAll: Command = {
  name: 'tokens revoke-all',
  usage: '',
  summary:
    'Every gateway refuses, as stale, all access tokens that were issued earlier, to users and machine clients. Sessions continue: clients refresh.',
  words: [0, 0],
  confirm: () => 'Make all access tokens stale, so that every client refreshes at once?',
  async run(_typed, { ops }) {
    const response = await ops.call<{ before: string }>('POST', '/ops/tokens/revoke-all')
    return {
      json: response,
      text: `Tokens that were issued before ${response.before} are refused.`
    }
  }
}
