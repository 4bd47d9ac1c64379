import { runProcess } from '@gatehouse/room/run-process'
import { firstScreen } from './first-screen.ts'
import { startHouse } from './house.ts'

await runProcess(async () => {
  const house = await startHouse(process.env)
  process.stdout.write(firstScreen(house))
  return house
})
