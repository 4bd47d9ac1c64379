import type { Command } from '../../command.ts'

type Tested = {
  readonly delivered: boolean
  readonly status: number | null
  readonly fault: string | null
}

export const webhooksTest: Command = {
  name: 'webhooks test',
  usage: 'ID',
  summary: 'Sends an event of the type webhook.test to an endpoint once, and shows the result.',
  words: [1, 1],
  async run({ positionals: [id = ''] }, { ops }) {
    const path = `/ops/webhooks/${encodeURIComponent(id)}/test`
    const response = await ops.call<Tested>('POST', path)
    const { delivered, status, fault } = response
    const reason = status === null ? fault : `${fault ?? ''} ${status}`.trim()
    return {
      json: response,
      text: delivered ? `delivered: ${status}` : `not delivered: ${reason}`,
      exitCode: delivered ? 0 : 1
    }
  }
}
