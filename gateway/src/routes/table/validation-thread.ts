import { parentPort } from 'node:worker_threads'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import type { ThreadQuestion, ThreadVerdict } from './validate-in-thread.ts'
import { validatePastedTable } from './validate-pasted-table.ts'

// Runs in a thread. It says when it is loaded, and answers one question.
parentPort?.once('message', ({ yaml, validation }: ThreadQuestion) => {
  parentPort?.postMessage(verdictOn(yaml, validation))
})
parentPort?.postMessage('ready')

function verdictOn(yaml: string, validation: ThreadQuestion['validation']): ThreadVerdict {
  try {
    return { routes: validatePastedTable(yaml, validation).routes.length }
  } catch (error) {
    if (!(error instanceof SettingsFault)) throw error
    return { faults: error.faults }
  }
}
