import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { StandardStreams } from './standard-streams.ts'

/**
 * The person at the terminal, if there is one. Questions go to standard error, because standard
 * output is for the result.
 */
export type Terminal = {
  readonly isInteractive: boolean
  /** Whether the answer is yes. */
  ask(question: string): Promise<boolean>
  /** Reads a line without showing it. */
  askSecret(prompt: string): Promise<string>
  /** All of standard input, without its last line break. */
  readInput(): Promise<string>
}

export function terminal({ stdin, stderr }: StandardStreams): Terminal {
  const line = async (prompt: string, output: NodeJS.WritableStream): Promise<string> => {
    const reader = createInterface({ input: stdin, output, terminal: true })
    try {
      return await reader.question(prompt)
    } finally {
      reader.close()
    }
  }
  return {
    isInteractive: stdin.isTTY === true && stderr.isTTY === true,
    async ask(question) {
      const answer = await line(`${question} [y/N] `, stderr)
      return /^y(es)?$/i.test(answer.trim())
    },
    async askSecret(prompt) {
      stderr.write(prompt)
      const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
      const secret = await line('', nowhere)
      stderr.write('\n')
      return secret
    },
    readInput: async () => (await text(stdin)).replace(/\r?\n$/, '')
  }
}
