import { type Mapping, mappedSources } from './mapping-rules.ts'

/** What a mapping can read of GitHub: lists of numbers, and the verified primary address. */
export const githubClaims: ReadonlySet<string> = new Set(['organizations', 'teams', 'email'])

/**
 * Whether a mapping reads the organizations or the teams of users, for which GitHub has a scope.
 */
export function readsMemberships(mapping: Mapping): boolean {
  const sources = mappedSources(mapping)
  return sources.has('organizations') || sources.has('teams')
}
