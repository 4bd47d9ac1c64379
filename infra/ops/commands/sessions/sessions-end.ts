import type { OpsClient } from '../../client/ops-client.ts'
import { type Command, type Typed, textOption } from '../../command.ts'
import { BadUsage } from '../../failures.ts'
import { instant } from '../../instant.ts'
import { count } from '../../terminal/count.ts'

export const sessionsEnd: Command = {
  name: 'sessions end',
  usage: 'SID | --user ID | --all [--opened-before TIME]',
  summary:
    'Ends one session, all sessions of a user (by id or e-mail), or those of all users. Every ' +
    'gateway then refuses their tokens. With --all, access tokens of machine clients become stale ' +
    'too. TIME is as for audit.',
  options: {
    user: { type: 'string' },
    all: { type: 'boolean' },
    'opened-before': { type: 'string' }
  },
  words: [0, 1],
  confirm: (typed) => {
    const { sid, user, openedBefore } = target(typed)
    if (sid !== undefined) return `End the session ${sid}?`
    if (user !== undefined) return `End all sessions of ${user}?`
    const which = openedBefore === undefined ? '' : ` that were opened before ${openedBefore}`
    return `End all sessions of all users${which}, so that they sign in again?`
  },
  async run(typed, { ops }) {
    const { sid, user, openedBefore } = target(typed)
    if (sid === undefined && user === undefined) return endAll(ops, openedBefore)
    const path =
      sid === undefined
        ? `/ops/users/${encodeURIComponent(user ?? '')}/sessions`
        : `/ops/sessions/${encodeURIComponent(sid)}`
    const response = await ops.call<{ ended: number }>('DELETE', path)
    return { json: response, text: `${count(response.ended, 'session')} ended` }
  }
}

type Part = { ended: number; more: boolean; openedBefore: string }

/**
 * A request ends some thousands of sessions. The next one repeats its time, and ends more of the
 * same sessions.
 */
async function endAll(ops: OpsClient, openedBefore: string | undefined) {
  const asked = (before: string | undefined): Promise<Part> =>
    ops.call('POST', '/ops/sessions/end-all', before === undefined ? {} : { openedBefore: before })
  let part = await asked(openedBefore)
  let { ended } = part
  while (part.more) {
    part = await asked(part.openedBefore)
    ended += part.ended
  }
  const json = { ended, openedBefore: part.openedBefore }
  return { json, text: `${count(ended, 'session')} ended, opened before ${part.openedBefore}` }
}

function target(typed: Typed) {
  const [sid] = typed.positionals
  const user = textOption(typed, 'user')
  const isAll = typed.options.all === true
  if ([sid !== undefined, user !== undefined, isAll].filter(Boolean).length !== 1)
    throw new BadUsage('Name one of SID, --user ID or --all.')
  const typedTime = textOption(typed, 'opened-before')
  if (typedTime !== undefined && !isAll) throw new BadUsage('--opened-before needs --all.')
  const openedBefore =
    typedTime === undefined ? undefined : instant('opened-before', typedTime, Date.now())
  return { sid, user, openedBefore }
}
