import { readFileSync } from 'node:fs'
import type { Service } from '@gatehouse/http-service/build-service'
import { type ServedFile, sendFile, tagged } from '../../served-file.ts'
import type { Theme } from '../theme/theme.ts'

const FOLDER = new URL('../../../../pages/', import.meta.url)

const files: Readonly<Record<string, string>> = {
  'pages.css': 'text/css; charset=utf-8',
  'passkey.js': 'text/javascript; charset=utf-8',
  'letter-token.js': 'text/javascript; charset=utf-8',
  'provider-result.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml'
}

/** Serves what the pages consist of besides HTML. Each file is read when it is first asked for. */
export function pageFiles(service: Service, theme: Theme | null): void {
  for (const [name, type] of Object.entries(files)) {
    serve(service, name, type, () => readFileSync(new URL(name, FOLDER)))
  }
  if (theme === null) return
  serve(service, 'theme.css', 'text/css; charset=utf-8', () => Buffer.from(theme.css))
  const { logo } = theme
  if (logo !== null) serve(service, 'logo', logo.type, () => logo.content)
}

function serve(service: Service, name: string, type: string, read: () => Buffer): void {
  let found: ServedFile | undefined
  service.get(`/${name}`, { schema: { hidden: true } }, async (request, reply) => {
    found ??= tagged(type, read())
    return sendFile(found, headers, request, reply)
  })
}

/** A picture that somebody opens as a page can run no script either. */
const headers = {
  'content-security-policy': "default-src 'none'; sandbox",
  'cache-control': 'no-cache',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff'
}
