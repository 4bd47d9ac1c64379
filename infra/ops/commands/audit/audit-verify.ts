import { setTimeout as sleep } from 'node:timers/promises'
import { LONGEST_PAUSE_MS } from '@gatehouse/audit-chain/tolerances'
import type { OpsClient } from '../../client/ops-client.ts'
import { type Command, listOption } from '../../command.ts'
import { count } from '../../terminal/count.ts'
import { auditOfFile } from './audit-file.ts'
import { type AuditSource, auditOfService } from './audit-source.ts'
import { type AuditVerdict, verifyAudit } from './verify-audit.ts'

/** Events are chained within a second, and their deletion may come in between. */
const SETTLED_MS = 2000

export const auditVerify: Command = {
  name: 'audit verify',
  usage: '[FILE] [--key KID]…',
  summary:
    'Verifies the chain of the audit log and its signed heads, or those of an export in FILE: ' +
    'names records that are missing or were altered, and signatures that are not valid. With ' +
    '--key, only heads that are signed by one of these keys are valid. Exit code 1 if there are ' +
    'faults.',
  options: { key: { type: 'string', multiple: true } },
  words: [0, 1],
  async run(typed, { ops }) {
    const [file] = typed.positionals
    const kids = listOption(typed, 'key')
    const verdict =
      file === undefined
        ? await verifyService(ops, kids)
        : await verifyAudit(signedBy(kids, await auditOfFile(file)), null)
    return { json: verdict, text: textOf(verdict), exitCode: verdict.faultCount === 0 ? 0 : 1 }
  }
}

/** The log changes while it is read, so a fault must be found twice. */
async function verifyService(ops: OpsClient, kids: Kids): Promise<AuditVerdict> {
  const verdict = await verifyAudit(signedBy(kids, await auditOfService(ops)), Date.now())
  if (verdict.faultCount === 0) return verdict
  await sleep(SETTLED_MS)
  return await verifyAudit(signedBy(kids, await auditOfService(ops)), Date.now())
}

type Kids = readonly string[] | undefined

/** The same log, in which only these keys count. The keys of an export are as it says. */
function signedBy(kids: Kids, source: AuditSource): AuditSource {
  if (kids === undefined) return source
  const keys = source.state.keys.filter(({ jwk }) => kids.includes(jwk.kid ?? ''))
  return { ...source, state: { ...source.state, keys } }
}

/** Records from before an upgrade were signed late: before, anything could be altered unnoticed. */
function unwitnessed({ first, witnessed }: AuditVerdict): string[] {
  if (first === null || witnessed === null) return []
  const { head, firstAt } = witnessed
  if (Date.parse(head.at) - Date.parse(firstAt) < LONGEST_PAUSE_MS) return []
  return [
    `records ${first} to ${head.seq}, the first one of ${firstAt}, were signed with head ${head.number} at ${head.at}: nothing shows whether they were altered before`
  ]
}

function textOf(verdict: AuditVerdict): string {
  const { first, last, heads, faultCount, faults } = verdict
  const lines = faults.map(({ fault, detail }) => `${fault}: ${detail}`)
  const more = faultCount > faults.length ? [`…and ${faultCount - faults.length} more`] : []
  const records = first === null ? 'no records' : `records ${first} to ${last}`
  const { newest } = heads
  const signed =
    newest === null
      ? 'no signed head'
      : `${count(heads.count, 'signed head')}, the newest is ${newest.number} for record ${newest.seq} (${newest.at}, key ${newest.kid})`
  const sum = faultCount === 0 ? 'no fault' : count(faultCount, 'fault')
  return [...lines, ...more, ...unwitnessed(verdict), `${records}, ${signed}: ${sum}`].join('\n')
}
