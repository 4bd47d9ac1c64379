import { rmSync } from 'node:fs'
import type { OpsClient } from '../../client/ops-client.ts'
import type { Command } from '../../command.ts'
import { createOwnerFile } from '../../files/owner-file.ts'
import { count } from '../../terminal/count.ts'

type Events = { events: object[]; next: string | null }

export const usersExport: Command = {
  name: 'users export',
  usage: 'ID FILE',
  summary:
    'Writes everything that is stored about a user (by id or e-mail) into a new file, as JSON, without secrets.',
  words: [2, 2],
  async run({ positionals: [user = '', file = ''] }, { ops }) {
    // First: an export is in the audit log, so it is not made for a file that cannot be written.
    const output = createOwnerFile('FILE', file)
    try {
      const exported = await exportOf(ops, user)
      output.write(exported)
      const { length } = exported.events
      return {
        json: { file, events: length },
        text: `${count(length, 'event')} and the account, in ${file}`
      }
    } catch (error) {
      rmSync(file, { force: true })
      throw error
    } finally {
      output.close()
    }
  }
}

/** Everything that is stored about a user, with the events of all pages. */
async function exportOf(ops: OpsClient, user: string) {
  const path = `/ops/users/${encodeURIComponent(user)}/export`
  const { next, events, ...about } = await ops.call<Events>('GET', path)
  let after = next
  while (after !== null) {
    const query = new URLSearchParams({ after })
    const page = await ops.call<Events>('GET', `${path}/events?${query}`)
    events.push(...page.events)
    after = page.next
  }
  return { ...about, events }
}
