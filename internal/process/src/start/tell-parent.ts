/**
 * Sends a message to the process that started this one, and resolves when it is sent. The parent
 * may no longer listen, or there is none: neither is a fault of this process.
 */
export function tellParent<Message extends object>(message: Message): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(message, undefined, undefined, () => resolve())
  })
}
