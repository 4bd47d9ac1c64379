import { writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@gatehouse/start/free-port'
import { type Program, ready, start } from '../../programs.ts'

const BODY = '0123456789'.repeat(7)

/** The path of the large response, and its size. */
export const LARGE = { path: '/bench/large', bytes: 256 * 1024 }

/** A service that answers 70 bytes, or a large file, at almost no cost. */
export async function nginx(
  folder: string
): Promise<Program & { readonly url: string; readonly httpTwoUrl: string }> {
  const [port, httpTwoPort] = [await freePort(), await freePort()]
  writeFileSync(join(folder, 'large.txt'), 'x'.repeat(LARGE.bytes))
  const file = join(folder, 'nginx.conf')
  // Its worker must be allowed to read the file.
  const user = userInfo().username
  writeFileSync(
    file,
    `daemon off; user ${user}; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000; client_body_temp_path ${folder}/body;
  server {
    listen 127.0.0.1:${port}; listen 127.0.0.1:${httpTwoPort} http2; default_type text/plain;
    location = ${LARGE.path} { alias ${folder}/large.txt; }
    location / { return 200 "${BODY}"; }
  }
}
`
  )
  const program = start('upstream', [
    'nginx',
    '-c',
    file,
    '-p',
    folder,
    '-e',
    `${folder}/nginx.log`
  ])
  const url = `http://127.0.0.1:${port}`
  await ready(program, url, [200])
  return { ...program, url, httpTwoUrl: `http://127.0.0.1:${httpTwoPort}` }
}
