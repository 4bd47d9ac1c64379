import type { DatabaseSync } from 'node:sqlite'
import { readNotes } from '../end-notes.ts'
import type { Unrecorded, UnrecordedEnd } from '../families.ts'

const SCHEMA =
  'create table if not exists unrecorded_ends (sid text primary key, ending text not null) strict'

/** The table of the ends that the database may not have yet. */
export type EndNotes = {
  write(ending: UnrecordedEnd): void
  readAll(): Unrecorded
  has(sid: string): boolean
  remove(sid: string): void
}

export function endNotes(database: DatabaseSync): EndNotes {
  database.exec(SCHEMA)
  const insert = database.prepare('insert or replace into unrecorded_ends values (?, ?)')
  const selectAll = database.prepare('select sid, ending from unrecorded_ends')
  const selectOne = database.prepare('select 1 from unrecorded_ends where sid = ?')
  const deleteOne = database.prepare('delete from unrecorded_ends where sid = ?')
  return {
    write({ source, ...ending }) {
      insert.run(ending.sid, JSON.stringify({ ...ending, origin: source }))
    },
    readAll() {
      const notes = selectAll.all()
      return readNotes(notes.map(({ sid, ending }) => [String(sid), String(ending)]))
    },
    has: (sid) => selectOne.get(sid) !== undefined,
    remove(sid) {
      deleteOne.run(sid)
    }
  }
}
