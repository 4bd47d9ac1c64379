import type { WholeSystem } from './whole-system.ts'

/**
 * The text for a person who has just started the system: its address, how to sign in, what to try.
 * Scripts read the ready line.
 * @param consoleUrl the address of the console, with a code that signs in
 * @param dataFolder where the embedded stores keep their files (GATEHOUSE_DATA_DIR)
 */
export function firstScreen(
  { url, services, apiPage }: Pick<WholeSystem, 'url' | 'services' | 'apiPage'>,
  consoleUrl: string | null,
  dataFolder: string
): string {
  const open = url.replace('127.0.0.1', 'localhost')
  const listeners = services.map(
    (service) => `  ${service.name.padEnd(8)} ${service.url.padEnd(24)} ops ${service.opsUrl}`
  )
  const reading =
    apiPage === null
      ? ''
      : `
Read about every operation, member and error code:

  ${apiPage}
`
  const operating =
    consoleUrl === null
      ? ''
      : `
Watch and operate it in the console, where this link signs you in, once and within the hour:

  ${consoleUrl}
`
  return `
Gatehouse is ready. Clients use only the gateway; everything else is private.

${listeners.join('\n')}

Try it in a browser:

  ${open}/demo/

Or create an account and sign in here:

  curl -s ${open}/auth/register -H 'content-type: application/json' \\
    -d '{"email":"demo@example.com","password":"correct horse battery"}'
  curl -s ${open}/auth/login -H 'content-type: application/json' \\
    -d '{"email":"demo@example.com","password":"correct horse battery"}'

Call a service with the accessToken from the response, and see what it received:

  curl -s ${open}/echo/hello -H "authorization: Bearer $ACCESS_TOKEN"
${reading}${operating}
Until AUTH_MAIL_URL is set, e-mails to users are written to ${dataFolder}/mail (docs/mail.md).

docs/tutorial.md continues from here: refresh, sign out, operate. The operator's commands, while this runs:

  npm run -s ops -- --help

ready ${open}
`
}
