/** A fault that the operator can fix prevents the start. The message is shown without a stack. */
export class StartFault extends Error {
  override readonly name = 'StartFault'
}
