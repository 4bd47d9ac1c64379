import { setTimeout as sleep } from 'node:timers/promises'
import type { OpsClient } from '../../client/ops-client.ts'
import type { Command } from '../../command.ts'
import { count } from '../../terminal/count.ts'
import { auditOfFile } from './audit-file.ts'
import { auditOfService } from './audit-source.ts'
import { type AuditVerdict, verifyAudit } from './verify-audit.ts'

/** Events are chained within a second, and their deletion may come in between. */
const SETTLED_MS = 2000

export const auditVerify: Command = {
  name: 'audit verify',
  usage: '[FILE]',
  summary:
    'Verifies the chain of the audit log and its signed heads, or those of an export in FILE: ' +
    'names records that are missing or were altered, and signatures that are not valid. Exit ' +
    'code 1 if there are any.',
  words: [0, 1],
  async run({ positionals: [file] }, { ops }) {
    const verdict =
      file === undefined ? await verifyService(ops) : await verifyAudit(await auditOfFile(file))
    return { json: verdict, text: textOf(verdict), exitCode: verdict.faultCount === 0 ? 0 : 1 }
  }
}

/** The log changes while it is read, so a fault must be found twice. */
async function verifyService(ops: OpsClient): Promise<AuditVerdict> {
  const verdict = await verifyAudit(await auditOfService(ops))
  if (verdict.faultCount === 0) return verdict
  await sleep(SETTLED_MS)
  return await verifyAudit(await auditOfService(ops))
}

function textOf({ first, last, heads, faultCount, faults }: AuditVerdict): string {
  const lines = faults.map(({ fault, detail }) => `${fault}: ${detail}`)
  const more = faultCount > faults.length ? [`…and ${faultCount - faults.length} more`] : []
  const records = first === null ? 'no records' : `records ${first} to ${last}`
  const { newest } = heads
  const signed =
    newest === null
      ? 'no signed head'
      : `${count(heads.count, 'signed head')}, the newest is ${newest.number} for record ${newest.seq} (${newest.at})`
  const sum = faultCount === 0 ? 'no fault' : count(faultCount, 'fault')
  return [...lines, ...more, `${records}, ${signed}: ${sum}`].join('\n')
}
