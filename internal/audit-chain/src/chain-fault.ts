/**
 * missing: records between two others are not there · altered: a record does not have the content
 * of its digest · missing-tail: the last records are not there · rewritten: the record of a signed
 * head has another digest · missing-head: heads that were signed are not there · forged-head: the
 * signature of a head is not valid · unpublished-key: the newest head is not signed by a published
 * key · not-intact: the auth service found a fault when it signed the head · removed-early: records
 * were deleted before their time · address-removed: an address is not there, and the log does not
 * say that its user was deleted · outside: events or heads have numbers that the chain does not
 * have · dated-back: a record says that it is older than the head before it · dated-ahead: a record
 * says that it is younger than the head that covers it · undeleted: a record says that a user was
 * deleted who still has an account
 */
export type ChainFaultKind =
  | 'missing'
  | 'altered'
  | 'missing-tail'
  | 'rewritten'
  | 'missing-head'
  | 'forged-head'
  | 'unpublished-key'
  | 'not-intact'
  | 'removed-early'
  | 'address-removed'
  | 'outside'
  | 'dated-back'
  | 'dated-ahead'
  | 'undeleted'

export type ChainFault = {
  readonly fault: ChainFaultKind
  /** the first record that is concerned */
  readonly seq: number
  /** for a person */
  readonly detail: string
}

/** @param count how many events and heads have a number that the chain does not have */
export const faultOfOutside = (count: number): ChainFault[] =>
  count === 0
    ? []
    : [
        {
          fault: 'outside',
          seq: 0,
          detail: `${count} events or heads have numbers that the chain does not have`
        }
      ]

/** @param count how many records report the deletion of a user who still has an account */
export const faultOfUndeleted = (count: number): ChainFault[] =>
  count === 0
    ? []
    : [
        {
          fault: 'undeleted',
          seq: 0,
          detail: `${count} records report the deletion of a user who still has an account`
        }
      ]

/** How many faults are described; the others are counted. */
const MOST_DESCRIBED = 100

export type ChainFaults = {
  add(fault: ChainFault): void
  /** the first ones */
  readonly described: readonly ChainFault[]
  count(): number
}

export function chainFaults(): ChainFaults {
  const described: ChainFault[] = []
  let count = 0
  return {
    add(fault) {
      count += 1
      if (described.length < MOST_DESCRIBED) described.push(fault)
    },
    described,
    count: () => count
  }
}
