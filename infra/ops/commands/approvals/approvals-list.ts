import type { Command } from '../../command.ts'
import { type Approval, approvalTable } from './approval-responses.ts'

export const approvalsList: Command = {
  name: 'approvals list',
  usage: '',
  summary: 'Lists the requests that wait for a second operator, and approvals that were not used.',
  words: [0, 0],
  async run(_typed, { ops }) {
    const response = await ops.call<{ approvals: Approval[] }>('GET', '/ops/approvals')
    return { json: response, text: approvalTable(response.approvals) }
  }
}
