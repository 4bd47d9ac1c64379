import type { IssuerEntry } from '@gatehouse/gateway/issuers/issuer-entry'
import type { Environment } from '../../client/ops-client.ts'
import type { Command } from '../../command.ts'
import { BadUsage, Refused } from '../../failures.ts'
import { count } from '../../terminal/count.ts'
import { textTable } from '../../terminal/text-table.ts'

export const issuersCheck: Command = {
  name: 'issuers check',
  usage: '[FILE]',
  summary:
    'Reads an issuer file as the gateway would, reports its errors, and shows what each entry ' +
    'means. Without FILE, it reads GATEWAY_ISSUERS_FILE.',
  words: [0, 1],
  async run({ positionals: [named] }, { environment }) {
    const file = named ?? environment.GATEWAY_ISSUERS_FILE
    if (!file) throw new BadUsage('Name a file, or set GATEWAY_ISSUERS_FILE.')
    const issuers = await readIssuers(file, environment)
    const table = textTable(
      ['issuer', 'iss', 'audience', 'keys', 'roles', 'forwards'],
      issuers.map((entry) => [
        entry.name,
        entry.tenants === undefined
          ? entry.issuer
          : `${entry.issuer} of ${count(entry.tenants.length, 'tenant')}`,
        [entry.audience].flat().join(' '),
        entry.jwksUrl ?? entry.discoveryUrl ?? 'by discovery',
        [entry.claims.roles ?? 'none'].flat().join(' ▸ '),
        Object.keys(entry.forward ?? {}).join(' ') || 'none'
      ])
    )
    return {
      json: { file, issuers },
      text: `${table}\n\n${count(issuers.length, 'issuer')}, no error`
    }
  }
}

/** @throws Refused with every fault */
async function readIssuers(file: string, environment: Environment): Promise<IssuerEntry[]> {
  const gateway = await import('@gatehouse/gateway/issuers/issuer-file').catch(() => {
    throw new Refused(
      'NO_GATEWAY',
      'This installation has no gateway. Run the command where the gateway is installed.'
    )
  })
  try {
    return gateway.loadIssuers(file, environment.TOKEN_ISSUER ?? '', environment)
  } catch (error) {
    const faults = (error as { faults?: readonly string[] }).faults
    if (faults === undefined) throw error
    throw new Refused('UNSAFE_ISSUERS', faults.join('\n'))
  }
}
