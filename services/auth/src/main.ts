import { isWorker } from '@gatehouse/process/as-worker'
import { keepCompiled } from '@gatehouse/process/keep-compiled'
import { runProcess } from '@gatehouse/process/run-process'
import { readConfig } from './config.ts'
import { startWorkers } from './start-workers.ts'

void runProcess(
  async () => {
    const config = readConfig(process.env)
    if (config.workers > 1 && !isWorker()) return startWorkers(config)
    keepCompiled(config.GATEHOUSE_DATA_DIR)
    // A primary process does not need what an auth service needs.
    const { startAuth } = await import('./start.ts')
    // The primary process has logged the warnings.
    return startAuth(isWorker() ? { ...config, warnings: [] } : config)
  },
  { onHangup: 'reload' }
)
