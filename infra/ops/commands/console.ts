import { type ConsoleLink, consoleLink } from '../client/console-link.ts'
import type { Command } from '../command.ts'

export const consoleCommand: Command = {
  name: 'console',
  usage: '',
  summary:
    'Shows a link that opens the console in a browser and signs you in, once and within 5 minutes.',
  words: [0, 0],
  async run(_typed, { ops }) {
    const link: ConsoleLink = await consoleLink(ops)
    return { json: link, text: `${link.url}\n\nIt works once, until ${link.expiresAt}.` }
  }
}
