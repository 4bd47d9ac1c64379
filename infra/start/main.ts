import { existsSync } from 'node:fs'
import { runProcess } from '@gatehouse/room/run-process'
import { firstScreen } from './first-screen.ts'
import { startHouse } from './house.ts'

// What is in the environment wins over the file.
if (existsSync('.env')) process.loadEnvFile('.env')

await runProcess(async () => {
  // Someone who watches wants the screen, not the log.
  const quiet = process.stdout.isTTY ? { LOG_LEVEL: 'warn' } : {}
  const house = await startHouse({ ...quiet, ...process.env })
  process.stdout.write(firstScreen(house))
  return house
})
