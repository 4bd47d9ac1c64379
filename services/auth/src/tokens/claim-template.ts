import { words } from '@gatehouse/settings/words'
import { type AccountClaims, isClaimName, isReservedClaim } from '../accounts/account-claims.ts'

/**
 * The claims of accounts that access tokens have: a map from the name in a token to the name in the
 * account.
 */
export type ClaimTemplate = ReadonlyMap<string, string>

/** a short name, or a collision-resistant one (RFC 7519 §4.2) */
const TOKEN_CLAIM = /^[A-Za-z][\x21\x23-\x5b\x5d-\x7e]{0,127}$/

/**
 * of all names in tokens together: with them, the largest identity and the largest claims, a token
 * must stay shorter than gateways accept
 */
const LONGEST_NAMES = 512

/** The setting: claims, separated by spaces. */
type Setting = { readonly AUTH_TOKEN_CLAIMS: string }

type ReadTemplate = { readonly template: ClaimTemplate; readonly faults: readonly string[] }

/**
 * Reads the template of the settings.
 * @param entries `tenant_id`, or `tenant_id:https://example.com/tenant` for another name in tokens
 */
export function readClaimTemplate(entries: readonly string[]): ReadTemplate {
  const template = new Map<string, string>()
  const faults: string[] = []
  for (const entry of entries) {
    const [name = ''] = entry.split(':', 1)
    const inToken = name === entry ? name : entry.slice(name.length + 1)
    if (!isClaimName(name) || !TOKEN_CLAIM.test(inToken)) {
      faults.push(`${entry} is not a claim, or a claim, a colon and its name in tokens`)
    } else if (isReservedClaim(inToken)) {
      faults.push(`${inToken} has a meaning of its own in tokens`)
    } else if (template.has(inToken) || [...template.values()].includes(name)) {
      faults.push(`${entry} repeats a claim or a name`)
    }
    template.set(inToken, name)
  }
  const length = [...template.keys()].join('').length
  if (length > LONGEST_NAMES) {
    faults.push(`the names in tokens have ${length} characters, ${LONGEST_NAMES} are allowed`)
  }
  return { template, faults }
}

export const claimTemplateOf = ({ AUTH_TOKEN_CLAIMS }: Setting): ClaimTemplate =>
  readClaimTemplate(words(AUTH_TOKEN_CLAIMS)).template

export const claimTemplateFaults = ({ AUTH_TOKEN_CLAIMS }: Setting): string[] =>
  readClaimTemplate(words(AUTH_TOKEN_CLAIMS)).faults.map((fault) => `AUTH_TOKEN_CLAIMS: ${fault}`)

/** The members of a token. */
export function templatedClaims(
  template: ClaimTemplate,
  claims: AccountClaims
): Record<string, unknown> {
  const found = [...template].filter(([, name]) => Object.hasOwn(claims, name))
  return Object.fromEntries(found.map(([inToken, name]) => [inToken, claims[name]]))
}
