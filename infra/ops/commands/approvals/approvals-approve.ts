import type { Command } from '../../command.ts'
import { type Approval, approvalTable } from './approval-responses.ts'

export const approvalsApprove: Command = {
  name: 'approvals approve',
  usage: 'ID',
  summary:
    'Approves a request of another operator, who then repeats the command. `approvals list` shows ' +
    'what the request does.',
  words: [1, 1],
  async run({ positionals: [id = ''] }, { ops }) {
    const path = `/ops/approvals/${encodeURIComponent(id)}/approve`
    const response = await ops.call<{ approval: Approval }>('POST', path)
    const { requestedBy } = response.approval
    return {
      json: response,
      text: `${approvalTable([response.approval])}\n\n${requestedBy} can now repeat the command`
    }
  }
}
