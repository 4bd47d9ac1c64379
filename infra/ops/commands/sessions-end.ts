import { count } from '../answers.ts'
import { type Command, type Typed, textOption } from '../command.ts'
import { BadUsage } from '../failures.ts'

export const sessionsEnd: Command = {
  name: 'sessions end',
  usage: 'SID | --user ID',
  summary:
    'Ends one session, or all sessions of a user (by id or e-mail). Every gateway then refuses ' +
    'their tokens.',
  options: { user: { type: 'string' } },
  words: [0, 1],
  confirm: (typed) => {
    const { sid, user } = target(typed)
    return sid === undefined ? `End all sessions of ${user}?` : `End the session ${sid}?`
  },
  async run(typed, ops) {
    const { sid, user } = target(typed)
    const path =
      sid === undefined
        ? `/ops/users/${encodeURIComponent(user ?? '')}/sessions`
        : `/ops/sessions/${encodeURIComponent(sid)}`
    const answer = await ops.call<{ ended: number }>('DELETE', path)
    return { json: answer, text: `${count(answer.ended, 'session')} ended` }
  }
}

function target(typed: Typed) {
  const [sid] = typed.positionals
  const user = textOption(typed, 'user')
  if ((sid === undefined) === (user === undefined))
    throw new BadUsage('give either SID or --user ID')
  return { sid, user }
}
