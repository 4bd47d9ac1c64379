export const PASSWORD_MIN_LENGTH = 8
export const PASSWORD_MAX_LENGTH = 256

let common: ReadonlySet<string> | undefined

/** The passwords that attackers try first. Shorter ones are already refused for their length. */
async function readCommon(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  const passwords = dictionary['passwords-common']
  return new Set(passwords.filter((password) => password.length >= PASSWORD_MIN_LENGTH))
}

/**
 * What is wrong with a new password, as the end of a sentence; null if it is accepted. It checks
 * against a list of common passwords, and has no composition rules (NIST SP 800-63B §3.1.1.2, ASVS
 * 6.2). The schema checks the length. The first call loads the list, which takes about 50 ms.
 */
export async function passwordFault(password: string, email: string): Promise<string | null> {
  if (!password.isWellFormed()) return 'must be valid Unicode'
  const folded = password.normalize('NFKC').toLowerCase()
  if ([...folded].length < PASSWORD_MIN_LENGTH)
    return 'must be longer: some of its characters are combined and count as one'
  common ??= await readCommon()
  if (common.has(folded)) return 'must not be one of the most common passwords'
  const [localPart = ''] = email.split('@', 1)
  if (folded === email || folded === localPart) return 'must not be the e-mail address'
  return null
}
