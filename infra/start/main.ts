import { existsSync } from 'node:fs'
import { runProcess } from '@gatehouse/room/run-process'
import { firstScreen } from './first-screen.ts'
import { startHouse } from './house.ts'

// What is in the environment wins over the file.
if (existsSync('.env')) process.loadEnvFile('.env')

await runProcess(async () => {
  const house = await startHouse(process.env)
  process.stdout.write(firstScreen(house))
  return house
})
