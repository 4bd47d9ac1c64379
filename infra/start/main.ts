import { runProcess } from '@gatehouse/room/run-process'
import { loadEnvFile } from '@gatehouse/settings/env-file'
import { firstScreen } from './first-screen.ts'
import { startHouse } from './house.ts'

await runProcess(async () => {
  loadEnvFile(process.env)
  // Someone who watches wants the screen, not the log.
  const quiet = process.stdout.isTTY ? { LOG_LEVEL: 'warn' } : {}
  const house = await startHouse({ ...quiet, ...process.env })
  process.stdout.write(firstScreen(house))
  return house
})
