import type { Command } from '../../command.ts'
import { type Approval, approvalTable } from './approval-responses.ts'

export const approvalsReject: Command = {
  name: 'approvals reject',
  usage: 'ID',
  summary:
    'Rejects a request that waits for a second operator. Also withdraws one of your own, or an ' +
    'approval that was not used yet.',
  words: [1, 1],
  async run({ positionals: [id = ''] }, { ops }) {
    const path = `/ops/approvals/${encodeURIComponent(id)}/reject`
    const response = await ops.call<{ approval: Approval }>('POST', path)
    return { json: response, text: approvalTable([response.approval]) }
  }
}
