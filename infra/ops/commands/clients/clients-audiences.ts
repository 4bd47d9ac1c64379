import { type Command, listOption } from '../../command.ts'

export const clientsAudiences: Command = {
  name: 'clients audiences',
  usage: 'ID [--receives AUDIENCE]… [--calls AUDIENCE]… [--roles ROLE]…',
  summary:
    'Replaces the audiences of a machine client: it may exchange tokens whose audience is in ' +
    '--receives for tokens whose audience is in --calls. Without these two options, it may ' +
    'exchange no token. --roles replaces the roles of users that the new tokens may have; ' +
    "--roles '' allows none. Gateways refuse the earlier tokens of the client.",
  options: {
    receives: { type: 'string', multiple: true },
    calls: { type: 'string', multiple: true },
    roles: { type: 'string', multiple: true }
  },
  words: [1, 1],
  async run(typed, { ops }) {
    const [client = ''] = typed.positionals
    const receives = listOption(typed, 'receives') ?? []
    const calls = listOption(typed, 'calls') ?? []
    const roles = listOption(typed, 'roles')
    const path = `/ops/clients/${encodeURIComponent(client)}/audiences`
    const response = await ops.call<{ id: string }>('PUT', path, {
      receives,
      calls,
      ...(roles === undefined ? {} : { roles })
    })
    const what =
      calls.length === 0
        ? 'exchanges no tokens'
        : `exchanges tokens for ${receives.join(', ') || 'no audience'} for ${calls.join(', ')}`
    return { json: response, text: `${response.id} ${what}` }
  }
}
