import type { Command } from '../../command.ts'
import { Refused } from '../../failures.ts'

export const routesSchema: Command = {
  name: 'routes schema',
  usage: '',
  summary: 'Prints the JSON Schema of a route table, for an editor that completes and checks it.',
  words: [0, 0],
  async run() {
    const gateway = await import('@gatehouse/gateway/routes/route-file-schema').catch(() => {
      throw new Refused(
        'NO_GATEWAY',
        'This installation has no gateway. Run the command where the gateway is installed.'
      )
    })
    const text = gateway.routeFileSchema()
    return { json: JSON.parse(text), text: text.trimEnd() }
  }
}
