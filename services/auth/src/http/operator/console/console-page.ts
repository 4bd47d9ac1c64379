import { readFileSync } from 'node:fs'
import type { Service } from '@gatehouse/http-service/build-service'
import { pageHeaders } from '@gatehouse/http-service/page-headers'
import { requirePrivateHost } from '@gatehouse/process/private-host'
import { consoleNotBuilt } from '../../http-refusals.ts'
import { type ServedFile, sendFile, tagged } from '../../served-file.ts'
import { CONSOLE_PATH } from './console-path.ts'

/** Built from `console` by `npm install`, and for an image by its Dockerfile. */
const BUILT = new URL('../../../../../../console/built/', import.meta.url)

/** Browsers show this type as it is, and offer to store Markdown. */
const RUNBOOK = 'text/plain; charset=utf-8'

/** The files of the page, and the media type of each. */
const files: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'main.js': 'text/javascript; charset=utf-8',
  'main.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
  'runbooks/leaked-signing-key.md': RUNBOOK,
  'runbooks/planned-rotation.md': RUNBOOK,
  'runbooks/stolen-session.md': RUNBOOK
}

/**
 * A script cannot turn a text into code or markup (Trusted Types): the page has no policy that
 * would allow it.
 */
const headers = {
  ...pageHeaders({ 'require-trusted-types-for': "'script'", 'trusted-types': "'none'" }),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin'
}

/** Serves the console. Its files have no secret; its requests need a session. */
export function consolePage(ops: Service, hosts: readonly string[]): void {
  const options = { schema: { hidden: true }, onRequest: requirePrivateHost(hosts) }
  const found = new Map<string, ServedFile>()
  ops.get(CONSOLE_PATH.slice(0, -1), options, async (_request, reply) =>
    reply.redirect(CONSOLE_PATH, 308)
  )
  for (const name of Object.keys(files)) {
    const path = name === 'index.html' ? CONSOLE_PATH : `${CONSOLE_PATH}${name}`
    ops.get(path, options, async (request, reply) => {
      const file = found.get(name) ?? readBuilt(name)
      found.set(name, file)
      return sendFile(file, headers, request, reply)
    })
  }
}

/** @throws Refusal NOT_FOUND if the console was not built */
function readBuilt(name: string): ServedFile {
  try {
    return tagged(files[name] ?? '', readFileSync(new URL(name, BUILT)))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw consoleNotBuilt()
  }
}
