import {
  COMMON,
  loggedPartitions,
  partitionOf,
  sessionPartitions
} from '@gatehouse/redis/partitions'
import t from 'tap'

t.test('a single partition is the common one, with the keys of earlier releases', async (t) => {
  t.strictSame(sessionPartitions(1), [COMMON])
  t.strictSame(loggedPartitions(1), [COMMON])
  t.equal(COMMON, 'sessions')
  t.equal(partitionOf('anyone', sessionPartitions(1)), COMMON)
})

t.test('nodes with equal ranges of slots get equal numbers of partitions', async (t) => {
  for (const [count, nodes] of [
    [16, 2],
    [16, 4],
    [24, 3],
    [48, 3],
    [60, 5]
  ] as const) {
    const partitions = sessionPartitions(count)
    t.equal(new Set(partitions).size, count)
    const places = partitions.map((tag) => Math.floor(slotShare(tag) * nodes))
    const sizes = [...Map.groupBy(places, (place) => place).values()].map((of) => of.length)
    t.strictSame(sizes, Array(nodes).fill(count / nodes), `${count} on ${nodes}`)
  }
})

t.test('the tags of an installation never change', async (t) => {
  t.equal(sessionPartitions(3).join(' '), 'p0.12 p1.4 p2.4')
  t.match(sessionPartitions(16).join(' '), /^p0\.49 p1\.42 p2\.3 p3 /)
})

// CLUSTER KEYSLOT foo is 12182 of 16384 (Redis Cluster specification).
t.test('the slot of an account decides its partition', async (t) => {
  t.equal(partitionOf('foo', slots), '12182')
  t.equal(partitionOf('foo', sessionPartitions(64)), sessionPartitions(64)[47])
})

const slots = Array.from({ length: 16_384 }, (_, slot) => String(slot))

/** Where the slot of a tag is among all slots, from 0 to 1. */
const slotShare = (tag: string): number => Number(partitionOf(tag, slots)) / slots.length
