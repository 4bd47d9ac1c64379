import type { Command } from '../../command.ts'
import { type Operator, operatorTable } from './operator-responses.ts'

export const operatorsList: Command = {
  name: 'operators list',
  usage: '',
  summary: 'Lists the named operators, with their roles and the states of their tokens.',
  words: [0, 0],
  async run(_typed, { ops }) {
    const response = await ops.call<{ operators: Operator[] }>('GET', '/ops/operators')
    return { json: response, text: operatorTable(response.operators) }
  }
}
