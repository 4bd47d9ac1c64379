import { readFileSync } from 'node:fs'
import { unreadable } from '@gatehouse/settings/file-fault'
import { type Command, listOption, textOption } from '../../command.ts'
import { BadUsage } from '../../failures.ts'
import { type Client, clientTable, type Secret, shownOnce } from './client-responses.ts'

type Created = { client: Client; secret: Secret | null }

export const clientsCreate: Command = {
  name: 'clients create',
  usage:
    '--name NAME [--scope SCOPE]… [--receives AUDIENCE]… [--calls AUDIENCE]… [--roles ROLE]… [--authentication METHOD] [--jwks FILE]',
  summary:
    'Creates a machine client. METHOD is client_secret_basic, client_secret_post, or ' +
    'private_key_jwt with its public keys in FILE. The client may exchange tokens whose audience ' +
    'is in --receives for tokens whose audience is in --calls. The new tokens keep only those ' +
    'roles of the user that a --roles option names.',
  options: {
    name: { type: 'string' },
    scope: { type: 'string', multiple: true },
    receives: { type: 'string', multiple: true },
    calls: { type: 'string', multiple: true },
    roles: { type: 'string', multiple: true },
    authentication: { type: 'string' },
    jwks: { type: 'string' }
  },
  words: [0, 0],
  async run(typed, { ops }) {
    const name = textOption(typed, 'name')
    if (name === undefined) throw new BadUsage('--name is missing.')
    const file = textOption(typed, 'jwks')
    const method = textOption(typed, 'authentication')
    const response = await ops.call<Created>('POST', '/ops/clients', {
      name,
      scope: listOption(typed, 'scope') ?? [],
      receives: listOption(typed, 'receives') ?? [],
      calls: listOption(typed, 'calls') ?? [],
      roles: listOption(typed, 'roles') ?? [],
      ...(method === undefined ? {} : { authenticationMethod: method }),
      ...(file === undefined ? {} : { jwks: readKeySet(file) })
    })
    const secretNote = response.secret === null ? '' : `\n\n${shownOnce(response.secret)}`
    return { json: response, text: `${clientTable([response.client])}${secretNote}` }
  }
}

function readKeySet(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const fault = unreadable(file, error) ?? `${file} cannot be read as JSON`
    throw new BadUsage(`--jwks: ${fault}.`)
  }
}
