/** What the operator can mend keeps the process from starting: told in these words, without a stack. */
export class StartFault extends Error {
  override readonly name = 'StartFault'
}
