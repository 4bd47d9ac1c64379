import { EVERYTHING } from '@gatehouse/revocation/revocation'
import type { WhyRevoked } from '@gatehouse/revocation/why-revoked'
import type { VerifiedToken } from '../tokens/verified-token.ts'
import type { RevokedKind } from './held-entries.ts'

type Watcher = { readonly token: VerifiedToken; readonly onRevoked: (why: WhyRevoked) => void }

/** The tokens of long-lived responses and WebSockets, by the ids that could revoke them. */
type TokenWatchers = {
  /** @returns stops the watch */
  watch(token: VerifiedToken, onRevoked: Watcher['onRevoked']): () => void
  /** those whose token an entry may concern */
  of(kind: RevokedKind, id: string): Iterable<Watcher>
}

export function tokenWatchers(): TokenWatchers {
  const watchers = new Map<string, Set<Watcher>>()
  return {
    watch(token, onRevoked) {
      const watcher: Watcher = { token, onRevoked }
      const names = namesOf(token)
      for (const name of names) watchers.set(name, (watchers.get(name) ?? new Set()).add(watcher))
      return () => {
        for (const name of names) {
          const those = watchers.get(name)
          those?.delete(watcher)
          if (those?.size === 0) watchers.delete(name)
        }
      }
    },
    of: (kind, id) => watchers.get(nameOf(kind, id)) ?? []
  }
}

const nameOf = (kind: RevokedKind, id: string) => `${kind} ${id}`

/** All ids under which an entry could concern this token. */
function namesOf({ identity, kid, delegation }: VerifiedToken): string[] {
  const { session, subject } = identity
  const names = [nameOf('subject', subject), nameOf(EVERYTHING, EVERYTHING)]
  if (kid !== null) names.push(nameOf('key', kid))
  if (session !== null) names.push(nameOf('session', session), nameOf('session-tokens', session))
  for (const { id } of delegation?.actors ?? []) names.push(nameOf('subject', id))
  for (const key of delegation?.keys ?? []) names.push(nameOf('key', key))
  return names
}
