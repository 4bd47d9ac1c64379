import { dataFolder } from '@gatehouse/fixtures/data-folder'
import t from 'tap'
import { journey } from './fixtures/journey.ts'

t.test('the whole journey works in one process on embedded stores', async (t) => {
  await journey(t, { GATEHOUSE_DATA_DIR: dataFolder(t) })
})
