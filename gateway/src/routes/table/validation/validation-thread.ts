import { parentPort } from 'node:worker_threads'
import { SettingsFault } from '@gatehouse/settings/read-settings'
import { pageWarnings } from '../page-warnings.ts'
import type { ThreadQuestion, ThreadVerdict } from './validate-in-thread.ts'
import { validatePastedTable } from './validate-pasted-table.ts'

// Runs in a thread. It says when it is loaded, and answers one question.
parentPort?.once('message', ({ yaml, validation }: ThreadQuestion) => {
  parentPort?.postMessage(verdictOn(yaml, validation))
})
parentPort?.postMessage('ready')

function verdictOn(yaml: string, validation: ThreadQuestion['validation']): ThreadVerdict {
  try {
    const table = validatePastedTable(yaml, validation)
    const warnings = pageWarnings(table, validation.recentSeconds)
    return { routes: table.routes.length, warnings }
  } catch (error) {
    if (!(error instanceof SettingsFault)) throw error
    return { faults: error.faults }
  }
}
